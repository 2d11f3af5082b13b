namespace Eager.Autograd;

/// <content>Maps over a batch axis.</content>
public static partial class Function
{
    /// <summary>A function of one slice as a function of a batch of slices, which it does all at once.</summary>
    /// <param name="function">Sees one slice, without the batch axis; it must not read values.</param>
    /// <param name="inAxis">The input's batch axis; a negative one counts from the end.</param>
    /// <param name="outAxis">Where the result's batch axis stands.</param>
    /// <param name="randomness">What random operations inside do.</param>
    /// <remarks>
    /// <para>Maps nest, and derivatives go inside as well as around: <c>Vmap(Grad(loss))</c> gives a gradient for each sample.</para>
    /// <para>An operation whose declaration says nothing of batches runs slice by slice, with the same result.</para>
    /// </remarks>
    /// <exception cref="InvalidArgumentException">When called: an operation inside reads values, draws without a choice of <paramref name="randomness"/>, assigns a slice to a variable, or gives a size that depends on values.</exception>
    /// <example><code>Func&lt;Tensor, Tensor&gt; norms = Function.Vmap(row => row.Norm());   // [n, m] → [n]</code></example>
    public static Func<Tensor, Tensor> Vmap(Func<Tensor, Tensor> function, int inAxis = 0, int outAxis = 0, VmapRandomness randomness = VmapRandomness.Error) =>
        x => MapAll(nameof(Vmap), All(function), [x], [inAxis], [outAxis], randomness)[0];

    /// <summary>A function of two tensors as one of batches of them; an axis that is null leaves its input whole for every slice.</summary>
    /// <inheritdoc cref="Vmap(Func{Tensor, Tensor}, int, int, VmapRandomness)"/>
    public static Func<Tensor, Tensor, Tensor> Vmap(Func<Tensor, Tensor, Tensor> function, int? inAxis1 = 0, int? inAxis2 = 0, int outAxis = 0, VmapRandomness randomness = VmapRandomness.Error) =>
        (a, b) => MapAll(nameof(Vmap), x => [function(x[0], x[1])], [a, b], [inAxis1, inAxis2], [outAxis], randomness)[0];

    /// <summary>A function of arrays as one of arrays of batches.</summary>
    /// <param name="function">Sees one slice of each input, without the batch axis.</param>
    /// <param name="inAxes">For each input its batch axis, or null where the input serves every slice; 0 for all when not given.</param>
    /// <param name="outAxes">For each result where its batch axis stands; 0 for all when not given.</param>
    /// <param name="randomness">What random operations inside do.</param>
    /// <inheritdoc cref="Vmap(Func{Tensor, Tensor}, int, int, VmapRandomness)"/>
    public static Func<Tensor[], Tensor[]> Vmap(Func<Tensor[], Tensor[]> function, int?[]? inAxes = null, int[]? outAxes = null, VmapRandomness randomness = VmapRandomness.Error) =>
        x => MapAll(nameof(Vmap), function, x, inAxes, outAxes, randomness);

    private static Tensor[] MapAll(string caller, Func<Tensor[], Tensor[]> function, Tensor[] x, int?[]? inAxes, int[]? outAxes, VmapRandomness randomness)
    {
        int?[] axes = inAxes ?? [.. Enumerable.Repeat<int?>(0, x.Length)];
        var axis = new BatchAxis(BatchSize(caller, x, axes), randomness);
        var slices = new Tensor[x.Length];
        for (int i = 0; i < x.Length; i++)
            slices[i] = axes[i] is int at ? BatchedTensor.Wrap(axis, Moved(x[i], x[i].ConcreteShape.NormalizeAxis(at), 0)) : x[i];
        Tensor[] results;
        axis.Attach();
        try
        {
            results = function([.. slices]);
        }
        finally
        {
            axis.Detach();
        }
        if (outAxes is not null && outAxes.Length != results.Length)
            throw new InvalidArgumentException($"{caller}: {outAxes.Length} output axes were given for {results.Length} results.");

        var outputs = new Tensor[results.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            using var scope = Temporaries.Begin();
            Tensor all = axis.Owns(results[i]) ? results[i].AllSlices! : results[i].BroadcastTo(results[i].Shape.Insert(0, axis.Size));
            int to = outAxes?[i] ?? 0;
            if (to < -all.Rank || to >= all.Rank)
                throw new ShapeMismatchException($"{caller}: axis {to} is no place for the batch in result {i}, whose slices are {results[i].ConcreteShape}.");
            outputs[i] = scope.Keep(Moved(all, 0, to < 0 ? to + all.Rank : to));
        }
        foreach (Tensor slice in (Tensor[])[.. slices, .. results])
            if (axis.Owns(slice)) slice.Dispose();
        return outputs;
    }

    private static Dim BatchSize(string caller, Tensor[] x, int?[] axes)
    {
        if (axes.Length != x.Length) throw new InvalidArgumentException($"{caller}: {axes.Length} input axes were given for {x.Length} inputs.");
        Dim? size = null;
        int first = 0;
        for (int i = 0; i < x.Length; i++)
        {
            if (axes[i] is not int axis) continue;
            if (axis < -x[i].Rank || axis >= x[i].Rank)
                throw new ShapeMismatchException($"{caller}: axis {axis} is not one of the {x[i].Rank} axes of input {i}, whose shape is {x[i].ConcreteShape}.");
            Dim here = x[i].Shape[x[i].ConcreteShape.NormalizeAxis(axis)];
            if (size is null) (size, first) = (here, i);
            else if (here.Value != size.Value.Value)
                throw new ShapeMismatchException($"{caller}: the batch of input {first} has {size.Value.Value} slices, that of input {i} has {here.Value} (axis {axis} of {x[i].ConcreteShape}); the sizes must be equal.");
        }
        return size ?? throw new InvalidArgumentException($"{caller}: no input has a batch axis; give at least one.");
    }

    // A wrapper of its own in any case, with one axis moved.
    private static Tensor Moved(Tensor x, int from, int to)
    {
        if (from == to) return x.Alias();
        List<int> axes = [.. Enumerable.Range(0, x.Rank)];
        axes.RemoveAt(from);
        axes.Insert(to, from);
        return x.Transpose([.. axes]);
    }
}
