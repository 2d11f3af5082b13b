namespace Eager;

/// <summary>One run of an operation for all slices of a batch: some inputs have the batch as axis 0, the others serve every slice.</summary>
internal readonly ref struct Batch(ReadOnlySpan<Tensor> x, ReadOnlySpan<bool> has, Dim size)
{
    private readonly ReadOnlySpan<Tensor> x = x;
    private readonly ReadOnlySpan<bool> has = has;

    /// <summary>The number of slices.</summary>
    internal Dim Size { get; } = size;

    internal int InputCount => x.Length;

    /// <summary>An input as it is; see <see cref="Has"/>.</summary>
    internal Tensor this[int input] => x[input];

    /// <summary>Whether an input has the batch as axis 0.</summary>
    internal bool Has(int input) => has[input];

    /// <summary>The shape of one slice of an input.</summary>
    internal Shape Shape(int input) => has[input] ? x[input].Shape[1..] : x[input].Shape;

    /// <summary>An input with the batch as axis 0, as a stretched view when it has none.</summary>
    internal Tensor Full(int input) => has[input] ? x[input] : x[input].BroadcastTo(x[input].Shape.Insert(0, Size));

    /// <summary>An input whose slices have a rank at least, with the batch, if it has one, before axes of size 1 that are put in.</summary>
    internal Tensor Aligned(int input, int rank)
    {
        Shape slice = Shape(input);
        if (!has[input] || slice.Rank >= rank) return x[input];
        return x[input].Reshape([Size, .. Enumerable.Repeat((Dim)1, rank - slice.Rank), .. slice]);
    }

    /// <summary>All inputs, each with the batch as axis 0.</summary>
    internal Tensor[] AllFull()
    {
        var all = new Tensor[x.Length];
        for (int i = 0; i < all.Length; i++) all[i] = Full(i);
        return all;
    }

    /// <summary>All inputs, ready to broadcast against each other.</summary>
    internal Tensor[] AllAligned()
    {
        int rank = 0;
        for (int i = 0; i < x.Length; i++) rank = Math.Max(rank, Shape(i).Rank);
        var all = new Tensor[x.Length];
        for (int i = 0; i < all.Length; i++) all[i] = Aligned(i, rank);
        return all;
    }
}

/// <summary>The attributes of the same operation on inputs that all have a batch as axis 0.</summary>
internal delegate TAttributes BatchedAttributes<TAttributes>(in TAttributes a, in Batch b);

/// <summary>Computes the output for all slices of a batch, with the batch as axis 0.</summary>
internal delegate Tensor BatchRule<TAttributes>(in Batch b, in TAttributes a);

/// <content>What a declaration says of a batch axis; without a word, slices run one by one.</content>
internal sealed partial class Op<TAttributes>
{
    /// <summary>Gives the attributes with which the operation itself does all slices at once.</summary>
    internal BatchedAttributes<TAttributes>? Batched { get; init; }

    /// <summary>Does all slices of an operation with one output.</summary>
    internal BatchRule<TAttributes>? BatchRule { get; init; }

    /// <summary>True when axis 0 of every input and output is a batch already, whose places do not mix: two batches become one, with the attributes of <see cref="Batched"/> where they hold its size.</summary>
    internal bool FoldsBatch { get; init; }

    internal override Tensor[]? RunBatched(in Batch batch, object attributes)
    {
        if (BatchRule is not null) return [BatchRule(batch, (TAttributes)attributes)];
        object batched = Batched is null ? attributes : Batched((TAttributes)attributes, batch)!;
        if (FoldsBatch) return RunFolded(batch, batched);
        if (Batched is not null) return Run(batch.AllFull(), batched);
        if (Elementwise) return Run(Broadcasts || batch.InputCount == 1 ? batch.AllAligned() : batch.AllFull(), attributes);
        return null;
    }

    private Tensor[] RunFolded(in Batch batch, object attributes)
    {
        Tensor[] x = batch.AllFull();
        Dim rows = batch.Shape(0)[0];
        for (int i = 0; i < x.Length; i++) x[i] = x[i].Reshape([batch.Size * rows, .. x[i].Shape[2..]]);
        Tensor[] y = Run(x, attributes);
        for (int i = 0; i < y.Length; i++) y[i] = y[i].Reshape([batch.Size, rows, .. y[i].Shape[1..]]);
        return y;
    }
}
