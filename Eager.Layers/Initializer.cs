using Eager.Interop;

namespace Eager.Layers;

/// <summary>Which number of connections of a unit sets the variance of its weights.</summary>
public enum Fan
{
    /// <summary>Its inputs.</summary>
    In = 0,

    /// <summary>Its outputs.</summary>
    Out = 1,

    /// <summary>The mean of both.</summary>
    Average = 2,
}

/// <summary>What scaled weights are drawn from.</summary>
public enum WeightDistribution
{
    /// <summary>A normal distribution cut off at two standard deviations.</summary>
    TruncatedNormal = 0,

    /// <summary>A normal distribution.</summary>
    Normal = 1,

    /// <summary>Evenly between two numbers.</summary>
    Uniform = 2,
}

/// <summary>How a weight's first values are made.</summary>
/// <example><code>
/// var layer = new Dense(64, kernelInitializer: Initializer.HeNormal());
/// var same = new Dense(64, kernelInitializer: "he_normal");
/// </code></example>
public sealed class Initializer
{
    private static readonly NamedSettings<Initializer> Known = new("initializer")
    {
        ["zeros"] = Zeros, ["ones"] = Ones, ["random_normal"] = static () => RandomNormal(), ["random_uniform"] = static () => RandomUniform(), ["truncated_normal"] = static () => TruncatedNormal(),
        ["glorot_uniform"] = static () => GlorotUniform(), ["glorot_normal"] = static () => GlorotNormal(), ["he_uniform"] = static () => HeUniform(), ["he_normal"] = static () => HeNormal(),
        ["lecun_uniform"] = static () => LeCunUniform(), ["lecun_normal"] = static () => LeCunNormal(), ["variance_scaling"] = static () => VarianceScaling(), ["orthogonal"] = static () => Orthogonal(), ["identity"] = static () => Identity(),
    };

    // The standard deviation of a normal distribution of deviation 1 that is cut off at 2 on both sides.
    private const double TruncatedDeviation = 0.87962566103423978;

    private readonly Func<Shape, DType, Tensor> create;

    /// <summary>Makes one of a function that gives a tensor of a shape and a dtype.</summary>
    public Initializer(Func<Shape, DType, Tensor> create, string name = "custom") => (this.create, Name) = (create, name);

    /// <summary>The name, as in <c>glorot_uniform</c>.</summary>
    public string Name { get; }

    /// <summary>The one of a name of Keras's, with its default settings.</summary>
    /// <exception cref="InvalidArgumentException">There is none of that name; the message lists the known ones.</exception>
    public static implicit operator Initializer(string name) => Known.Find(name);

    /// <summary>Zeros.</summary>
    public static Initializer Zeros() => Constant(0, "zeros");

    /// <summary>Ones.</summary>
    public static Initializer Ones() => Constant(1, "ones");

    /// <summary>One number throughout.</summary>
    public static Initializer Constant(double value) => Constant(value, "constant");

    /// <summary>The values of a tensor, cast to the weight's dtype, as TensorFlow's <c>constant_initializer</c> gives them.</summary>
    /// <param name="value">A scalar for every weight's shape, a tensor of the weight's shape, or one of rank 1 with as many elements, which fill the weight in C order. It is copied.</param>
    /// <exception cref="ShapeMismatchException">The shape does not fit the weight's; raised when the weight is made.</exception>
    /// <example><code>
    /// var edges = new Dense(2, kernelInitializer: Initializer.Constant([[1f, 0], [0, -1], [2, 2]]), inputShape: [3]);
    /// </code></example>
    public static Initializer Constant(Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        using var unrecorded = Unrecorded.Begin();
        using Tensor copy = value.Clone();
        return Constant(TensorMemory.KeepPlain(copy, "Initializer.Constant"), "constant");
    }

    /// <summary>Numbers in a row, which fill a weight of as many elements in C order.</summary>
    /// <param name="values">The numbers.</param>
    /// <exception cref="ShapeMismatchException">The weight has another number of elements; raised when it is made.</exception>
    public static Initializer Constant<T>(T[] values) where T : unmanaged => Constant<T>((Array)values);

    /// <summary>Rows of numbers, for a weight of their shape.</summary>
    /// <param name="rows">The rows.</param>
    /// <exception cref="ShapeMismatchException">The rows are of different lengths, or the weight's shape is another; the latter raised when it is made.</exception>
    public static Initializer Constant<T>(T[][] rows) where T : unmanaged => Constant<T>((Array)rows);

    /// <summary>The elements of an array of any rank, or of arrays in arrays to any depth, for a weight of their shape.</summary>
    /// <param name="values">The array.</param>
    /// <exception cref="DTypeMismatchException">The innermost elements are of another type.</exception>
    /// <exception cref="ShapeMismatchException">Arrays of one level are of different shapes, or the weight's shape is another; the latter raised when it is made.</exception>
    public static Initializer Constant<T>(Array values) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        using Tensor value = Tensor.FromArray<T>(values);
        return Constant(value);
    }

    /// <summary>Numbers of a normal distribution, by default that of Keras.</summary>
    public static Initializer RandomNormal(double mean = 0, double stddev = 0.05, Generator? generator = null) =>
        new((shape, dtype) => Tensor.RandomNormal(shape, mean, stddev, dtype, generator), "random_normal");

    /// <summary>Numbers evenly distributed between two, by default those of Keras.</summary>
    public static Initializer RandomUniform(double min = -0.05, double max = 0.05, Generator? generator = null) =>
        new((shape, dtype) => Tensor.RandomUniform(shape, min, max, dtype, generator), "random_uniform");

    /// <summary>Numbers of a normal distribution, cut off at two standard deviations.</summary>
    public static Initializer TruncatedNormal(double mean = 0, double stddev = 0.05, Generator? generator = null) =>
        new((shape, dtype) => Tensor.TruncatedNormal(shape, mean, stddev, dtype, generator), "truncated_normal");

    /// <summary>Numbers of a normal distribution, by default the standard one, as TensorFlow's <c>random_normal</c> and <c>truncated_normal</c> initializers give.</summary>
    /// <param name="mean">The mean.</param>
    /// <param name="stddev">The standard deviation, before anything is cut off.</param>
    /// <param name="truncated">Whether it is cut off at two standard deviations.</param>
    /// <param name="generator">What to draw from; the thread's own when null.</param>
    public static Initializer Normal(double mean = 0, double stddev = 1, bool truncated = false, Generator? generator = null) =>
        truncated ? TruncatedNormal(mean, stddev, generator) : RandomNormal(mean, stddev, generator);

    /// <summary>Numbers evenly distributed between two, by default 0 and 1, as TensorFlow's <c>random_uniform</c> initializer gives.</summary>
    public static Initializer Uniform(double min = 0, double max = 1, Generator? generator = null) => RandomUniform(min, max, generator);

    /// <summary>Evenly distributed with variance 2/(inputs + outputs): for tanh and linear units (Glorot &amp; Bengio 2010).</summary>
    public static Initializer GlorotUniform(Generator? generator = null) => VarianceScaling(1, Fan.Average, WeightDistribution.Uniform, generator, "glorot_uniform");

    /// <summary>Truncated normal with variance 2/(inputs + outputs): for tanh and linear units (Glorot &amp; Bengio 2010).</summary>
    public static Initializer GlorotNormal(Generator? generator = null) => VarianceScaling(1, Fan.Average, WeightDistribution.TruncatedNormal, generator, "glorot_normal");

    /// <summary>Evenly distributed with variance 2/inputs: for rectified units (He et al. 2015).</summary>
    public static Initializer HeUniform(Generator? generator = null) => VarianceScaling(2, Fan.In, WeightDistribution.Uniform, generator, "he_uniform");

    /// <summary>Truncated normal with variance 2/inputs: for rectified units (He et al. 2015).</summary>
    public static Initializer HeNormal(Generator? generator = null) => VarianceScaling(2, Fan.In, WeightDistribution.TruncatedNormal, generator, "he_normal");

    /// <summary>Evenly distributed with variance 1/inputs (LeCun et al. 1998).</summary>
    public static Initializer LeCunUniform(Generator? generator = null) => VarianceScaling(1, Fan.In, WeightDistribution.Uniform, generator, "lecun_uniform");

    /// <summary>Truncated normal with variance 1/inputs (LeCun et al. 1998).</summary>
    public static Initializer LeCunNormal(Generator? generator = null) => VarianceScaling(1, Fan.In, WeightDistribution.TruncatedNormal, generator, "lecun_normal");

    /// <summary>Numbers with variance scale/n, n the number of a unit's inputs, outputs or their mean.</summary>
    /// <param name="scale">A positive factor.</param>
    /// <param name="mode">What n counts.</param>
    /// <param name="distribution">What the numbers are drawn from.</param>
    /// <param name="generator">What to draw from; the thread's own when null.</param>
    public static Initializer VarianceScaling(double scale = 1, Fan mode = Fan.In, WeightDistribution distribution = WeightDistribution.TruncatedNormal, Generator? generator = null) =>
        scale > 0 && double.IsFinite(scale) ? VarianceScaling(scale, mode, distribution, generator, "variance_scaling") : throw new InvalidArgumentException($"VarianceScaling: the scale {scale} is no finite number above 0.");

    /// <summary>Orthogonal rows or columns, whichever are fewer, of length gain: [..., n, m] is seen as a matrix of m columns (Saxe et al. 2014).</summary>
    /// <param name="gain">The length.</param>
    /// <param name="generator">What to draw from; the thread's own when null.</param>
    /// <exception cref="ShapeMismatchException">A weight has fewer than two axes.</exception>
    public static Initializer Orthogonal(double gain = 1, Generator? generator = null) => new((shape, dtype) =>
    {
        if (shape.Rank < 2) throw new ShapeMismatchException($"Orthogonal: a weight of shape {shape} has no rows and columns; it needs at least two axes.");
        using var scope = Temporaries.Begin();
        long columns = shape[^1], rows = shape[..^1].ElementCount;
        DType precise = dtype == DType.Float64 ? dtype : DType.Float32;
        Tensor normal = Tensor.RandomNormal([Math.Max(rows, columns), Math.Min(rows, columns)], dtype: precise, generator: generator);
        Tensor[] factors = Aten.linalg_qr(normal, NativeText.Literal("reduced"u8));
        // Signs that make the diagonal of R positive make Q evenly distributed (Mezzadri 2007).
        Tensor q = factors[0] * factors[1].Diagonal().Sign();
        return scope.Keep(((rows < columns ? q.Transpose() : q) * gain).Reshape(shape).Cast(dtype).Contiguous());
    }, "orthogonal");

    /// <summary>gain on the diagonal of a matrix, else zeros.</summary>
    /// <exception cref="ShapeMismatchException">A weight is no matrix.</exception>
    public static Initializer Identity(double gain = 1) => new((shape, dtype) =>
    {
        if (shape.Rank != 2) throw new ShapeMismatchException($"Identity: a weight of shape {shape} is no matrix.");
        using var scope = Temporaries.Begin();
        return scope.Keep(Tensor.Eye(shape[0], shape[1], dtype) * gain);
    }, "identity");

    /// <summary>Makes the values of a weight.</summary>
    /// <param name="shape">The weight's shape: inputs and outputs last, a window before them.</param>
    /// <param name="dtype">Its dtype.</param>
    public Tensor Create(Shape shape, DType dtype = DType.Float32) => create(shape, dtype);

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static Initializer Constant(double value, string name) => new((shape, dtype) => Tensor.Full(shape, value, dtype), name);

    private static Initializer Constant(Tensor kept, string name) => new((shape, dtype) =>
    {
        bool isRow = kept.Rank == 1 && kept.ElementCount == shape.ElementCount;
        if (kept.Rank > 0 && !isRow && kept.ConcreteShape != shape)
            throw new ShapeMismatchException($"Initializer.Constant: the values are {kept.ConcreteShape}, the weight is {shape}; give a scalar, values of the weight's shape, or its {shape.ElementCount} elements in a row.");
        using var scope = Temporaries.Begin();
        Tensor cast = kept.Cast(dtype);
        return scope.Keep((isRow ? cast.Reshape(shape) : cast.BroadcastTo(shape)).Clone());
    }, name);

    private static Initializer VarianceScaling(double scale, Fan fan, WeightDistribution distribution, Generator? generator, string name) => new((shape, dtype) =>
    {
        double variance = scale / Size(shape, fan);
        double limit = Math.Sqrt(3 * variance);  // a width of 2·limit has variance limit²/3
        return distribution switch
        {
            WeightDistribution.Uniform => Tensor.RandomUniform(shape, -limit, limit, dtype, generator),
            WeightDistribution.Normal => Tensor.RandomNormal(shape, 0, Math.Sqrt(variance), dtype, generator),
            _ => Tensor.TruncatedNormal(shape, 0, Math.Sqrt(variance) / TruncatedDeviation, dtype, generator),
        };
    }, name);

    private static double Size(Shape shape, Fan fan)
    {
        double window = 1;
        for (int i = 0; i < shape.Rank - 2; i++) window *= shape[i];
        double inputs = shape.Rank switch { 0 => 1, 1 => shape[0], _ => window * shape[^2] };
        double outputs = shape.Rank switch { 0 => 1, 1 => shape[0], _ => window * shape[^1] };
        return Math.Max(1, fan switch { Fan.In => inputs, Fan.Out => outputs, _ => (inputs + outputs) / 2 });
    }
}
