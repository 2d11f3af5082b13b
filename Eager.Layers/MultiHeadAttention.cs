namespace Eager.Layers;

/// <summary>
/// Attention of several heads: each takes the mean of the values, weighted by softmax(q·kᵀ/√keyDim) (Vaswani et al. 2017).
/// [batch, steps, features] → [batch, steps, features].
/// </summary>
/// <example><code>
/// var attention = new MultiHeadAttention(heads: 8, keyDim: 64);
/// Tensor self = attention.Call(x);
/// Tensor cross = attention.Attend(query, memory, causal: false);
/// SymbolicTensor seen = new MultiHeadAttention(heads: 8, keyDim: 64, causal: true).Call(steps);   // of a functional model
/// </code></example>
public sealed class MultiHeadAttention : Layer
{
    private readonly int? outputDim;
    private readonly Func<int, Dense> make;
    private readonly Generator? generator;

    /// <summary>Makes a layer.</summary>
    /// <param name="heads">The number of heads.</param>
    /// <param name="keyDim">The length of each head's queries and keys.</param>
    /// <param name="valueDim">The length of each head's values; as that of keys when null.</param>
    /// <param name="dropout">The share of weights that is dropped in training.</param>
    /// <param name="useBias">Whether biases are added.</param>
    /// <param name="outputDim">The length of outputs; as that of queries when null.</param>
    /// <param name="kernelInitializer">How kernels begin; Glorot uniform when null.</param>
    /// <param name="biasInitializer">How biases begin; zeros when null.</param>
    /// <param name="kernelRegularizer">A penalty on each kernel.</param>
    /// <param name="biasRegularizer">A penalty on each bias.</param>
    /// <param name="activityRegularizer">A penalty on what the layer gives.</param>
    /// <param name="kernelConstraint">What each kernel is made to be after each update.</param>
    /// <param name="biasConstraint">What each bias is made to be after each update.</param>
    /// <param name="generator">What dropout draws from; the thread's own when null.</param>
    /// <param name="inputShape">The shape of one input without the batch; builds the layer for self-attention at once.</param>
    /// <param name="name">A name; when null, the model around it gives one.</param>
    /// <param name="dtype">The dtype of the weights, which inputs must have.</param>
    /// <param name="causal">Whether in every call step i sees the places up to i alone.</param>
    public MultiHeadAttention(int heads, int keyDim, int? valueDim = null, double dropout = 0, bool useBias = true, int? outputDim = null, Initializer? kernelInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? biasConstraint = null, Generator? generator = null, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32, bool causal = false)
        : base(name)
    {
        if (heads < 1 || keyDim < 1 || valueDim < 1 || outputDim < 1) throw new InvalidArgumentException($"MultiHeadAttention: {heads} heads of {keyDim} and {valueDim ?? keyDim} with outputs of {outputDim} were asked for; each must be at least 1.");
        if (!(dropout is >= 0 and < 1)) throw new InvalidArgumentException($"MultiHeadAttention: the dropout {dropout} is not in [0, 1).");
        (Heads, KeyDim, ValueDim, Dropout, Causal, this.outputDim, this.generator) = (heads, keyDim, valueDim ?? keyDim, dropout, causal, outputDim, generator);
        ActivityRegularizer = activityRegularizer;
        make = units => new Dense(units, null, useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, null, kernelConstraint, biasConstraint, dtype: dtype);
        (Query, Key, Value) = (make(heads * KeyDim), make(heads * KeyDim), make(heads * ValueDim));
        BuildIfKnown(inputShape);
    }

    /// <summary>The number of heads.</summary>
    public int Heads { get; }

    /// <summary>The length of each head's queries and keys.</summary>
    public int KeyDim { get; }

    /// <summary>The length of each head's values.</summary>
    public int ValueDim { get; }

    /// <summary>The share of weights that is dropped in training.</summary>
    public double Dropout { get; }

    /// <summary>Whether in every call a step sees the places up to itself alone.</summary>
    public bool Causal { get; }

    /// <summary>Makes the queries of all heads.</summary>
    public Dense Query { get; }

    /// <summary>Makes the keys of all heads.</summary>
    public Dense Key { get; }

    /// <summary>Makes the values of all heads.</summary>
    public Dense Value { get; }

    /// <summary>Mixes the heads; null before the layer is built.</summary>
    public Dense? Output { get; private set; }

    /// <inheritdoc/>
    public override Shape ComputeOutputShape(Shape inputShape)
    {
        RequireSequences(inputShape, "input");
        return inputShape.With(-1, outputDim ?? inputShape[^1]);
    }

    /// <summary>Attends from queries to keys.</summary>
    /// <param name="query">[batch, steps, features].</param>
    /// <param name="value">[batch, places, features'].</param>
    /// <param name="key">[batch, places, features'']; the values when null.</param>
    /// <param name="mask">Bools that broadcast to [batch, heads, steps, places]; false hides a place. A mask of [batch, steps, places] stands for all heads.</param>
    /// <param name="causal">Whether step i sees the places up to i alone; with <see cref="Causal"/> it does anyway.</param>
    /// <param name="training">Whether this is training.</param>
    /// <exception cref="ShapeMismatchException">Shapes do not fit each other.</exception>
    public Tensor Attend(Tensor query, Tensor value, Tensor? key = null, Tensor? mask = null, bool causal = false, bool training = false)
    {
        Tensor keys = key ?? value;
        RequireSequences(query.ConcreteShape, "query");
        RequireSequences(value.ConcreteShape, "value");
        RequireSequences(keys.ConcreteShape, "key");
        if (keys.ConcreteShape[1] != value.ConcreteShape[1] || query.ConcreteShape[0] != value.ConcreteShape[0] || keys.ConcreteShape[0] != value.ConcreteShape[0])
            throw new ShapeMismatchException($"{Title}: the query is {query.ConcreteShape}, the key {keys.ConcreteShape}, the value {value.ConcreteShape}; batches must be equal, and key and value as long as each other.");
        Key.Build(keys.Shape);
        Value.Build(value.Shape);
        using var name = Begin(query);
        using var scope = Temporaries.Begin();
        Tensor q = Split(Query.Call(query) * (1 / Math.Sqrt(KeyDim)), KeyDim);   // [batch, heads, steps, keyDim]
        Tensor k = Split(Key.Call(keys), KeyDim), v = Split(Value.Call(value), ValueDim);   // [batch, heads, places, …]
        Tensor scores = q.MatMul(k.SwapAxes(2, 3));   // [batch, heads, steps, places]
        if (mask is not null) scores = Hide(scores, mask.Rank == 3 ? mask.ExpandDims(1) : mask);
        if (causal || Causal) scores = Hide(scores, Tensor.Ones(scores.Shape[2..], query.DType, query.Device).Tril() > 0);
        Tensor weights = scores.Softmax();
        if (training && Dropout > 0) weights = weights.Dropout(Dropout, generator);
        Tensor mixed = weights.MatMul(v).Transpose(0, 2, 1, 3);   // [batch, steps, heads, valueDim]
        return scope.Keep(Output!.Call(mixed.Reshape([query.Shape[0], query.Shape[1], Heads * ValueDim])));
    }

    /// <inheritdoc/>
    protected override void CreateVariables(Shape inputShape)
    {
        RequireSequences(inputShape, "input");
        Output = make(outputDim ?? (int)inputShape[^1].Value);
        Output.Christen("output");
        Output.Build([inputShape[0], inputShape[1], Heads * ValueDim]);
        // Attend has built those of keys and values that are not like the queries.
        foreach (Dense dense in (Dense[])[Query, Key, Value]) dense.Build(inputShape);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Shape> ComputeOutputShapes(IReadOnlyList<Shape> inputShapes)
    {
        RequireCount(inputShapes.Count);
        return [ComputeOutputShape(inputShapes[0])];
    }

    /// <inheritdoc/>
    protected override void CreateVariables(IReadOnlyList<Shape> inputShapes)
    {
        RequireCount(inputShapes.Count);
        if (inputShapes.Count > 1)
        {
            foreach (Shape shape in inputShapes.Take(3)) RequireSequences(shape, "input");
            Key.Build(inputShapes[Math.Min(2, inputShapes.Count - 1)]);
            Value.Build(inputShapes[1]);
        }
        CreateVariables(inputShapes[0]);
    }

    /// <summary>Attends from the first input to the second, whose values are found by the keys of the third where there is one, as far as the mask that is the fourth lets it see.</summary>
    protected override IReadOnlyList<Tensor> ForwardAll(IReadOnlyList<Tensor> inputs, bool training)
    {
        RequireCount(inputs.Count);
        return [inputs.Count == 1 ? Forward(inputs[0], training) : Attend(inputs[0], inputs[1], inputs.Count > 2 ? inputs[2] : null, inputs.Count > 3 ? inputs[3] : null, training: training)];
    }

    /// <summary>Attends from an input to itself.</summary>
    protected override Tensor Forward(Tensor x, bool training)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(Attend(x, x, training: training));
    }

    private static Tensor Hide(Tensor scores, Tensor seen)
    {
        if (seen.DType != DType.Bool) throw new DTypeMismatchException($"MultiHeadAttention: the mask is {seen.DType.Name()}, not bool; compare it with something first.");
        // A step that sees nothing at all then weighs every place alike, instead of being no number.
        return seen.Where(scores, Tensor.FullLike(scores, Lowest(scores.DType)));
    }

    private static double Lowest(DType dtype) => dtype == DType.Float16 ? -65504 : -1e38;

    // [batch, steps, heads·size] → [batch, heads, steps, size]
    private Tensor Split(Tensor x, int size) => x.Reshape([x.Shape[0], x.Shape[1], Heads, size]).Transpose(0, 2, 1, 3);

    private void RequireCount(int inputs)
    {
        if (inputs is < 1 or > 4) throw new InvalidArgumentException($"{Title}: {inputs} inputs were given; it takes a query, a value, a key and a mask, of which the last ones may be left out.");
    }

    private void RequireSequences(Shape shape, string what)
    {
        if (shape.Rank != 3 || shape[^1].IsUnknown) throw new ShapeMismatchException($"{Title}: the {what} is {shape}; it needs shape [batch, steps, features] with a known number of features.");
    }
}
