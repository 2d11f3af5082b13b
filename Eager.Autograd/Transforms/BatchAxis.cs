namespace Eager.Autograd;

/// <summary>What random operations do inside <c>Vmap</c>.</summary>
public enum VmapRandomness
{
    /// <summary>They are refused, so that the choice is made knowingly.</summary>
    Error = 0,

    /// <summary>Each slice draws numbers of its own, in the order of the slices, as a loop would.</summary>
    Different = 1,

    /// <summary>One draw serves all slices.</summary>
    Same = 2,
}

/// <summary>Runs the operations of a mapped function for all slices of a batch at once; those without a rule for it, one by one.</summary>
internal sealed class BatchAxis(Dim size, VmapRandomness randomness) : Observer
{
    internal Dim Size { get; } = size;

    internal override bool Transforms(Op op, ReadOnlySpan<Tensor> inputs)
    {
        foreach (Tensor input in inputs)
            if (Owns(input)) return true;
        return op.Effect == Effect.Random;
    }

    internal override Tensor[] Transform(Op op, object attributes, ReadOnlySpan<Tensor> inputs)
    {
        var all = new Tensor[inputs.Length];
        var has = new bool[inputs.Length];
        for (int i = 0; i < all.Length; i++) all[i] = (has[i] = Owns(inputs[i])) ? inputs[i].AllSlices! : inputs[i];
        bool anyHas = Array.IndexOf(has, true) >= 0;
        RequireBatchable(op, anyHas);
        if (!anyHas && randomness == VmapRandomness.Same) return op.Run(inputs, attributes);

        Tensor[] y;
        using (var scope = Temporaries.Begin())
        {
            var batch = new Batch(all, has, Size);
            y = (op.Effect == Effect.Random ? null : op.RunBatched(batch, attributes)) ?? RunOneByOne(op, attributes, batch);
            foreach (Tensor output in y) scope.Keep(output);
        }
        return Array.ConvertAll(y, output => (Tensor)BatchedTensor.Wrap(this, output));
    }

    internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs) => 0;

    internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed)
    {
    }

    internal override Shape? SymbolicShape(Tensor tensor) =>
        Owns(tensor) ? Outer?.SymbolicShape(tensor.AllSlices!)?[1..] : base.SymbolicShape(tensor);

    internal override void RefineShape(Tensor tensor, Shape shape)
    {
        if (!Owns(tensor)) base.RefineShape(tensor, shape);
        else if (shape.IsRankKnown) Outer?.RefineShape(tensor.AllSlices!, shape.Insert(0, Dim.Unknown));
    }

    internal bool Owns(Tensor tensor) => tensor is BatchedTensor batched && batched.Axis == this;

    private void RequireBatchable(Op op, bool anyHas)
    {
        switch (op.Effect)
        {
            case Effect.Mutates:
                throw new InvalidArgumentException($"{op.Name}: inside Vmap one variable cannot take a value of each slice; return the values, and assign what they make together outside.");
            case Effect.DynamicShape:
                throw new InvalidArgumentException($"{op.Name}: inside Vmap its output's size depends on each slice's values, so the slices do not stack; use Where with a tensor of fixed size.");
            case Effect.Random when randomness == VmapRandomness.Error:
                throw new InvalidArgumentException($"{op.Name}: inside Vmap a random operation may draw for each slice or once for all; say which with VmapRandomness.Different or VmapRandomness.Same.");
            case Effect.Random when randomness == VmapRandomness.Same && anyHas:
                throw new InvalidArgumentException($"{op.Name}: its inputs differ over the batch, so one draw cannot serve all slices; use VmapRandomness.Different.");
        }
    }

    private Tensor[] RunOneByOne(Op op, object attributes, in Batch batch)
    {
        if (Size.Value == 0) return RunOnNone(op, attributes, batch);
        var runs = new Tensor[Size.Value][];
        for (int slice = 0; slice < runs.Length; slice++)
        {
            var x = new Tensor[batch.InputCount];
            for (int i = 0; i < x.Length; i++) x[i] = batch.Has(i) ? batch[i].Select(0, slice) : batch[i];
            runs[slice] = op.Run(x, attributes);
        }
        return [.. Enumerable.Range(0, runs[0].Length).Select(output => Tensor.Stack([.. runs.Select(run => run[output])]))];
    }

    // Without a slice to run, one of zeros shows the outputs' shapes and dtypes.
    private static Tensor[] RunOnNone(Op op, object attributes, in Batch batch)
    {
        var x = new Tensor[batch.InputCount];
        for (int i = 0; i < x.Length; i++) x[i] = batch.Has(i) ? Tensor.Zeros(batch.Shape(i), batch[i].DType, batch[i].Device) : batch[i];
        return Array.ConvertAll(op.Run(x, attributes), static y => Tensor.Zeros(y.Shape.Insert(0, 0), y.DType, y.Device));
    }
}
