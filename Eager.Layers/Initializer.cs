namespace Eager.Layers;

/// <summary>How a weight's first values are made.</summary>
/// <example><code>var layer = new Dense(64, kernelInitializer: Initializer.HeNormal());</code></example>
public sealed class Initializer
{
    // The standard deviation of a normal distribution of deviation 1 that is cut off at 2 on both sides.
    private const double TruncatedDeviation = 0.87962566103423978;

    private readonly Func<Shape, DType, Tensor> create;

    /// <summary>Makes one of a function that gives a tensor of a shape and a dtype.</summary>
    public Initializer(Func<Shape, DType, Tensor> create, string name = "custom") => (this.create, Name) = (create, name);

    private enum Fan
    {
        In,
        Average,
    }

    /// <summary>The name, as in <c>glorot_uniform</c>.</summary>
    public string Name { get; }

    /// <summary>Zeros.</summary>
    public static Initializer Zeros() => Constant(0, "zeros");

    /// <summary>Ones.</summary>
    public static Initializer Ones() => Constant(1, "ones");

    /// <summary>One number throughout.</summary>
    public static Initializer Constant(double value) => Constant(value, "constant");

    /// <summary>Numbers of a normal distribution, by default that of Keras.</summary>
    public static Initializer RandomNormal(double mean = 0, double stddev = 0.05, Generator? generator = null) =>
        new((shape, dtype) => Tensor.RandomNormal(shape, mean, stddev, dtype, generator), "random_normal");

    /// <summary>Numbers evenly distributed between two, by default those of Keras.</summary>
    public static Initializer RandomUniform(double min = -0.05, double max = 0.05, Generator? generator = null) =>
        new((shape, dtype) => Tensor.RandomUniform(shape, min, max, dtype, generator), "random_uniform");

    /// <summary>Numbers of a normal distribution, cut off at two standard deviations.</summary>
    public static Initializer TruncatedNormal(double mean = 0, double stddev = 0.05, Generator? generator = null) =>
        new((shape, dtype) => Tensor.TruncatedNormal(shape, mean, stddev, dtype, generator), "truncated_normal");

    /// <summary>Evenly distributed with variance 2/(inputs + outputs): for tanh and linear units (Glorot &amp; Bengio 2010).</summary>
    public static Initializer GlorotUniform(Generator? generator = null) => ScaledUniform(1, Fan.Average, generator, "glorot_uniform");

    /// <summary>Truncated normal with variance 2/(inputs + outputs): for tanh and linear units (Glorot &amp; Bengio 2010).</summary>
    public static Initializer GlorotNormal(Generator? generator = null) => ScaledNormal(1, Fan.Average, generator, "glorot_normal");

    /// <summary>Evenly distributed with variance 2/inputs: for rectified units (He et al. 2015).</summary>
    public static Initializer HeUniform(Generator? generator = null) => ScaledUniform(2, Fan.In, generator, "he_uniform");

    /// <summary>Truncated normal with variance 2/inputs: for rectified units (He et al. 2015).</summary>
    public static Initializer HeNormal(Generator? generator = null) => ScaledNormal(2, Fan.In, generator, "he_normal");

    /// <summary>Evenly distributed with variance 1/inputs (LeCun et al. 1998).</summary>
    public static Initializer LeCunUniform(Generator? generator = null) => ScaledUniform(1, Fan.In, generator, "lecun_uniform");

    /// <summary>Truncated normal with variance 1/inputs (LeCun et al. 1998).</summary>
    public static Initializer LeCunNormal(Generator? generator = null) => ScaledNormal(1, Fan.In, generator, "lecun_normal");

    /// <summary>Makes the values of a weight.</summary>
    /// <param name="shape">The weight's shape: inputs and outputs last, a window before them.</param>
    /// <param name="dtype">Its dtype.</param>
    public Tensor Create(Shape shape, DType dtype = DType.Float32) => create(shape, dtype);

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static Initializer Constant(double value, string name) => new((shape, dtype) => Tensor.Full(shape, value, dtype), name);

    private static Initializer ScaledUniform(double scale, Fan fan, Generator? generator, string name) => new((shape, dtype) =>
    {
        double limit = Math.Sqrt(3 * scale / Size(shape, fan));  // a width of 2·limit has variance limit²/3
        return Tensor.RandomUniform(shape, -limit, limit, dtype, generator);
    }, name);

    private static Initializer ScaledNormal(double scale, Fan fan, Generator? generator, string name) => new((shape, dtype) =>
        Tensor.TruncatedNormal(shape, 0, Math.Sqrt(scale / Size(shape, fan)) / TruncatedDeviation, dtype, generator), name);

    private static double Size(Shape shape, Fan fan)
    {
        double window = 1;
        for (int i = 0; i < shape.Rank - 2; i++) window *= shape[i];
        double inputs = shape.Rank switch { 0 => 1, 1 => shape[0], _ => window * shape[^2] };
        double outputs = shape.Rank switch { 0 => 1, 1 => shape[0], _ => window * shape[^1] };
        return Math.Max(1, fan == Fan.In ? inputs : (inputs + outputs) / 2);
    }
}
