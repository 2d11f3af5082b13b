using Eager.Autograd;
using Eager.Layers;

namespace Eager.Train;

/// <summary>The functions of the "Effective TensorFlow" cookbook, with its signatures and defaults.</summary>
/// <remarks>Its softmax entropy and Gaussian divergence are <see cref="Losses.Loss.SoftmaxEntropy"/> and <see cref="Losses.Loss.GaussianKullbackLeibler"/>.</remarks>
public static class Cookbook
{
    /// <summary>The static size of each axis where it is known, and the size at hand where it is not.</summary>
    /// <param name="tensor">Any tensor.</param>
    public static IReadOnlyList<Dim> GetShape(Tensor tensor) =>
        [.. Enumerable.Range(0, tensor.Rank).Select(axis => tensor.Shape[axis].IsUnknown ? tensor.ConcreteShape[axis] : tensor.Shape[axis])];

    /// <summary>Gathers in each element of a batch by indices of its own: output[i] = tensor[i].Gather(indices[i]).</summary>
    /// <param name="tensor">[batch, size, ...].</param>
    /// <param name="indices">Places from 0 up to size, of an integer dtype, [batch, ...].</param>
    /// <returns>The indices' shape, then the tensor's from its third axis on.</returns>
    /// <exception cref="ShapeMismatchException">The tensor has no second axis, or the batches differ.</exception>
    /// <exception cref="InvalidArgumentException">A place is not on the axis.</exception>
    /// <example><code>Tensor chosen = Cookbook.BatchGather(Tensor.From([[1, 2], [3, 4]]), Tensor.From([[1L], [0L]]));   // [[2], [3]]</code></example>
    public static Tensor BatchGather(Tensor tensor, Tensor indices)
    {
        if (tensor.Rank < 2 || indices.Rank < 1 || tensor.ConcreteShape[0] != indices.ConcreteShape[0])
            throw new ShapeMismatchException($"BatchGather: the tensor is {tensor.ConcreteShape}, the indices {indices.ConcreteShape}; they need shapes [batch, size, ...] and [batch, ...].");
        if (!indices.DType.IsInteger()) throw new DTypeMismatchException($"BatchGather: the indices are {indices.DType.Name()}; give an integer dtype.");
        using var scope = Temporaries.Begin();
        int more = tensor.Rank - 2;
        // Indices of [batch, k...] become [batch, K] and choose along axis 1, beside all further axes.
        Tensor places = indices.Cast(DType.Int64).Reshape([indices.ConcreteShape[0], -1]);
        Dim count = places.ConcreteShape[1];
        Tensor spread = places.Reshape(Shape.Of([.. places.ConcreteShape, .. Enumerable.Repeat((Dim)1L, more)])).BroadcastTo(Shape.Of([tensor.ConcreteShape[0], count, .. tensor.ConcreteShape[2..]]));
        return scope.Keep(tensor.TakeAlongAxis(spread, 1).Reshape(Shape.Of([.. indices.ConcreteShape, .. tensor.ConcreteShape[2..]])));
    }

    /// <summary>Decodes the likeliest sequences of a recurrent model, keeping the best few at every step.</summary>
    /// <param name="update">From states [batch, beam, width] and the tokens [batch, beam] before to the next states and logits [batch, beam, classes].</param>
    /// <param name="initialState">[batch, width].</param>
    /// <param name="sequenceLength">How many tokens to decode.</param>
    /// <param name="beamWidth">How many sequences are kept.</param>
    /// <param name="beginToken">The token before the first.</param>
    /// <param name="endToken">The token after which a sequence's likelihood stays, and nothing but this token follows.</param>
    /// <param name="name">The scope of the operations.</param>
    /// <returns>The tokens, int64 [batch, beam, length], the likeliest first, and the logarithms of their probabilities, [batch, beam].</returns>
    /// <remarks>The document lets any token follow the end, so that copies of one finished sequence fill its beam.</remarks>
    /// <exception cref="InvalidArgumentException">A length or width is not positive.</exception>
    /// <exception cref="ShapeMismatchException">The initial state is no matrix, or there are fewer first tokens than sequences to keep.</exception>
    public static (Tensor Tokens, Tensor LogProbabilities) RnnBeamSearch(
        Func<Tensor, Tensor, (Tensor State, Tensor Logits)> update, Tensor initialState, int sequenceLength, int beamWidth, long beginToken, long endToken, string name = "rnn")
    {
        if (sequenceLength < 1 || beamWidth < 1) throw new InvalidArgumentException($"RnnBeamSearch: the length is {sequenceLength} and the beam {beamWidth} wide; both must be at least 1.");
        if (initialState.Rank != 2) throw new ShapeMismatchException($"RnnBeamSearch: the initial state is {initialState.ConcreteShape}; it needs shape [batch, width].");
        using var names = NameScope.Open(name);
        long batch = initialState.ConcreteShape[0].Value;
        DType dtype = initialState.DType;
        Tensor state = initialState.ExpandDims(1).Tile(1, beamWidth, 1);                                                      // [batch, beam, width]
        // All sequences start alike, so only the first of them counts.
        Tensor sums = (Tensor.OneHot(Tensor.Zeros([batch], DType.Int64), beamWidth, dtype)).Log();                             // [batch, beam]
        Tensor tokens = Tensor.Full([batch, beamWidth], beginToken, DType.Int64), goesOn = Tensor.Ones([batch, beamWidth], DType.Bool);
        var chosen = new List<Tensor>();
        for (int step = 0; step < sequenceLength; step++)
        {
            (state, Tensor logits) = update(state, tokens);
            Tensor probabilities = logits.LogSoftmax(-1);                                                                      // [batch, beam, classes]
            long classes = probabilities.ConcreteShape[^1].Value;
            if (classes < beamWidth) throw new ShapeMismatchException($"RnnBeamSearch: {classes} classes cannot begin {beamWidth} sequences; the beam can be as wide as there are classes.");
            Tensor endAlone = Tensor.Range(classes).Equal(endToken).Cast(dtype).Log();                                         // [classes]
            Tensor all = sums.ExpandDims(2) + goesOn.ExpandDims(2).Where(probabilities, endAlone);
            (sums, Tensor places) = all.Reshape([batch, classes * beamWidth]).TopK(beamWidth);
            tokens = places % classes;
            Tensor beams = places.FloorDivide(classes);
            state = BatchGather(state, beams);
            for (int i = 0; i < chosen.Count; i++) chosen[i] = BatchGather(chosen[i], beams);
            chosen.Add(tokens);
            goesOn = BatchGather(goesOn, beams) & tokens.NotEqual(endToken);
        }
        return (Tensor.Stack([.. chosen], axis: 2), sums);
    }

    /// <summary>max(x, α·x).</summary>
    /// <param name="tensor">Any floating-point tensor.</param>
    /// <param name="alpha">The slope left of 0, at most 1.</param>
    /// <exception cref="InvalidArgumentException">α is above 1, where the larger of both is no leaky rectifier.</exception>
    public static Tensor LeakyRelu(Tensor tensor, double alpha = 0.1) =>
        alpha <= 1 ? tensor.LeakyRelu(alpha) : throw new InvalidArgumentException($"LeakyRelu: α is {alpha}; it must be at most 1.");

    /// <summary>Splits inputs along their first axis, runs a function on each part on a device of its own, and joins what it gave.</summary>
    /// <param name="function">
    /// From the parts of the inputs to one tensor, whose first axis is the batch too. Variables that it gets by <see cref="VariableScope.GetVariable(string, Shape?, Func{Shape, DType, Tensor}?, DType, bool, Func{Tensor, Tensor}?, Func{Tensor, Tensor}?)"/>
    /// are made for the first part and found for the others; they stay on the first device, from where <see cref="Tensor.To(Device, bool)"/> takes their values to the others.
    /// The parts are freed in the end.
    /// </param>
    /// <param name="devices">Where the parts run; the first holds the result.</param>
    /// <param name="inputs">By name; all with a first axis of one size, which the number of devices divides.</param>
    /// <returns>The results of the parts along the first axis. Each part's gradients are computed on the part's device.</returns>
    /// <exception cref="InvalidArgumentException">There is no device or no input.</exception>
    /// <exception cref="ShapeMismatchException">An input has no first axis, or one of another size, or one that cannot be split.</exception>
    /// <exception cref="DeviceException">A device is not there; the message lists those that are.</exception>
    /// <example><code>
    /// Tensor losses = Cookbook.MakeParallel(parts => Model(parts["x"], parts["y"]), [Device.Cuda(0), Device.Cuda(1)], new Dictionary&lt;string, Tensor&gt; { ["x"] = x, ["y"] = y });
    /// </code></example>
    public static Tensor MakeParallel(Func<IReadOnlyDictionary<string, Tensor>, Tensor> function, IReadOnlyList<Device> devices, IReadOnlyDictionary<string, Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (devices.Count == 0 || inputs.Count == 0) throw new InvalidArgumentException($"MakeParallel: {devices.Count} devices and {inputs.Count} inputs were given; give at least one of each.");
        foreach (Device device in devices) device.Require();
        RequireSplittable(inputs, devices.Count);
        Dictionary<string, Tensor[]> parts = inputs.ToDictionary(input => input.Key, input => input.Value.Split(devices.Count), StringComparer.Ordinal);
        var results = new Tensor[devices.Count];
        for (int i = 0; i < results.Length; i++)
        {
            using IDisposable here = Device.Use(devices[i]);
            using VariableScope variables = VariableScope.OpenCurrent(Reuse.Auto);
            results[i] = function(parts.ToDictionary(part => part.Key, part => part.Value[i].To(devices[i]), StringComparer.Ordinal)).To(devices[0]);
        }
        Tensor joined = Tensor.Concat(results);
        // What the function made is its own; the parts are not.
        foreach (Tensor part in parts.Values.SelectMany(static split => split)) part.Dispose();
        return joined;
    }

    private static void RequireSplittable(IReadOnlyDictionary<string, Tensor> inputs, int count)
    {
        (string first, Tensor tensor) = inputs.First();
        foreach ((string name, Tensor input) in inputs)
        {
            if (input.Rank == 0 || input.ConcreteShape[0].Value % count != 0)
                throw new ShapeMismatchException($"MakeParallel: the input '{name}' is {input.ConcreteShape}; its first axis must be there, of a size that divides by the {count} devices.");
            if (input.ConcreteShape[0] != tensor.ConcreteShape[0])
                throw new ShapeMismatchException($"MakeParallel: the input '{name}' is {input.ConcreteShape}, '{first}' is {tensor.ConcreteShape}; their first axes, the batch, must be of one size.");
        }
    }

    /// <summary>Joins features that broadcast: projects each to the same number of units, adds them up, and applies an activation.</summary>
    /// <remarks>Cheaper than joining tensors of shapes [m, 1, d₁] and [1, n, d₂] after stretching them. The projections are in the variable scope <c>merge</c>, as <c>proj_0</c>, <c>proj_1</c>.</remarks>
    /// <param name="tensors">Tensors of one rank.</param>
    /// <param name="units">The units of the projections.</param>
    /// <param name="activation">What to apply to the sum; relu when null.</param>
    /// <param name="name">The scope; when null, <c>merge</c>, numbered.</param>
    /// <exception cref="InvalidArgumentException">There is no tensor.</exception>
    /// <exception cref="VariableReuseException">The projections are there and the scope does not reuse, or are not there and it only reuses.</exception>
    /// <exception cref="ShapeMismatchException">A tensor does not fit its projection, or what they give does not broadcast.</exception>
    /// <example><code>Tensor c = Cookbook.Merge([Tensor.Zeros([4, 1, 2]), Tensor.Zeros([1, 3, 7])], units: 5);   // [4, 3, 5]</code></example>
    public static Tensor Merge(IReadOnlyList<Tensor> tensors, int units, ActivationFunction? activation = null, string? name = null)
    {
        if (tensors.Count == 0) throw new InvalidArgumentException("Merge: the list of tensors is empty; give at least one.");
        using VariableScope variables = VariableScope.Open(name, "merge");
        using var scope = Temporaries.Begin();
        Tensor sum = Functional.Dense(tensors[0], units, name: "proj_0");
        for (int i = 1; i < tensors.Count; i++) sum = sum + Functional.Dense(tensors[i], units, name: $"proj_{i}");
        return scope.Keep((activation ?? ActivationFunction.Relu).Apply(sum));
    }

    /// <summary>Batch normalization of features on the last axis, whose running moments follow by updates that wait in the open <see cref="UpdateCollection"/>, and run at once where none is open.</summary>
    /// <remarks>Ioffe &amp; Szegedy, "Batch normalization" (2015). The variables <c>beta</c>, <c>gamma</c>, <c>avg_mean</c> and <c>avg_variance</c> are in the variable scope <c>batch_normalization</c>.</remarks>
    /// <param name="tensor">[..., channels].</param>
    /// <param name="training">Whether the batch's moments are taken, which the running ones then follow.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="momentum">How much of the running moments stays at an update.</param>
    /// <param name="name">The scope; when null, <c>batch_normalization</c>, numbered.</param>
    /// <exception cref="ShapeMismatchException">There is no last axis with at least one channel, or the variables are of another number of channels.</exception>
    /// <exception cref="VariableReuseException">The variables are there and the scope does not reuse, or are not there and it only reuses.</exception>
    /// <example><code>
    /// using var updates = UpdateCollection.Open();
    /// Tensor loss = optimizer.Minimize(() => Loss.MeanSquaredError(y, Cookbook.BatchNormalization(x, training: true)), variables);
    /// updates.Run();
    /// </code></example>
    public static Tensor BatchNormalization(Tensor tensor, bool training = false, double epsilon = 0.001, double momentum = 0.9, string? name = null)
    {
        if (tensor.Rank == 0 || tensor.ConcreteShape[^1] < 1) throw new ShapeMismatchException($"BatchNormalization: the input is {tensor.ConcreteShape}; it needs a last axis of at least one channel.");
        using VariableScope variables = VariableScope.Open(name, "batch_normalization");
        Shape channels = tensor.ConcreteShape[^1..];
        Variable beta = Filled("beta", 0, trainable: true), gamma = Filled("gamma", 1, trainable: true), averageMean = Filled("avg_mean", 0, trainable: false), averageVariance = Filled("avg_variance", 1, trainable: false);
        using var scope = Temporaries.Begin();
        (Tensor mean, Tensor variance) = training ? tensor.Moments([.. Enumerable.Range(0, tensor.Rank - 1)]) : (averageMean, averageVariance);
        if (training)
        {
            UpdateCollection.Add(averageMean, mean * (1 - momentum) + averageMean * momentum);
            UpdateCollection.Add(averageVariance, variance * (1 - momentum) + averageVariance * momentum);
        }
        return scope.Keep((tensor - mean) * ((variance + epsilon).Rsqrt() * gamma) + beta);

        Variable Filled(string own, double value, bool trainable) => VariableScope.GetVariable(own, channels, (shape, dtype) => Tensor.Full(shape, value, dtype), tensor.DType, trainable);
    }
}
