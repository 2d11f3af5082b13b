namespace Eager;

/// <summary>What operations on matrices share: their demands, their errors, their batches.</summary>
internal static class Matrices
{
    internal const string Singular = "is singular; PseudoInverse and LeastSquares take such matrices";

    /// <summary>Refuses what is no batch of matrices of float32 or float64.</summary>
    internal static Tensor Require(Tensor x, string op)
    {
        DiagonalOps.RequireMatrix(x, op);
        if (x.DType is not (DType.Float32 or DType.Float64))
            throw Errors.DTypeRefused(op, x.DType, "float32 or float64");
        return x;
    }

    /// <summary>Refuses what is no batch of square matrices of float32 or float64.</summary>
    internal static Tensor RequireSquare(Tensor x, string op)
    {
        Require(x, op);
        return x.ConcreteShape[^1] == x.ConcreteShape[^2] ? x : throw new ShapeMismatchException($"{op}: shape {x.ConcreteShape} is no square matrix; the last two sizes must be equal.");
    }

    /// <summary>Matrices and right-hand sides of one batch; one vector becomes a column.</summary>
    internal static (Tensor A, Tensor B) Paired(string op, Tensor a, Tensor b)
    {
        if (a.DType != b.DType) throw new DTypeMismatchException($"{op}: the inputs are of different dtypes ({a.DType.Name()}, {b.DType.Name()}); convert one with Cast.");
        Shape left = a.ConcreteShape, right = b.ConcreteShape;
        if (right.Rank == 0 || right[right.Rank == 1 ? 0 : right.Rank - 2] != left[^2])
            throw new ShapeMismatchException($"{op}: a is {left}, b is {right}; b needs {left[^2]} rows, as [{left[^2]}] or [..., {left[^2]}, k].");
        if (b.Rank == 1) b = b.ExpandDims(-1);
        LinearAlgebraOps.BroadcastBatch(op, left, b.ConcreteShape, matrixAxes: 2);
        Shape batch = Shape.Broadcast(a.Shape[..^2], b.Shape[..^2]);
        return (Stretched(a, batch), Stretched(b, batch));
    }

    /// <summary>Numbers, one for each matrix of a batch, with two axes of size 1.</summary>
    internal static Tensor Spread(Tensor y) => y.ExpandDims(-1).ExpandDims(-1);

    /// <summary>Some of the tensors that a kernel made; the others are freed.</summary>
    internal static Tensor[] Only(Tensor[] made, params ReadOnlySpan<int> kept)
    {
        var wanted = new Tensor[kept.Length];
        for (int i = 0; i < wanted.Length; i++) wanted[i] = made[kept[i]];
        foreach (Tensor tensor in made)
            if (Array.IndexOf(wanted, tensor) < 0) tensor.Dispose();
        return wanted;
    }

    /// <summary>Runs a kernel whose last output says of each matrix whether it could be factored, and names the first that could not.</summary>
    /// <param name="a">The matrices.</param>
    /// <param name="op">The operation's name.</param>
    /// <param name="why">What is the matter with such a matrix.</param>
    /// <param name="kernel">Told whether LibTorch itself shall look, which it does in replays too.</param>
    internal static Tensor[] Checked(Tensor a, string op, string why, Func<bool, Tensor[]> kernel)
    {
        try
        {
            return kernel(true);
        }
        catch (LibTorchException)
        {
            using var scope = Temporaries.Begin();
            int[] info = Tensor.Outside(static x => x.ToArray<int>(), kernel(false)[^1]);
            int bad = Array.FindIndex(info, static code => code != 0);
            if (bad >= 0) throw new InvalidArgumentException($"{op}: {Written(a.Whole, bad)} {why}.");
            throw;
        }
    }

    /// <summary>Runs a kernel that iterates, and names the matrix whose numbers keep it from ending.</summary>
    internal static Tensor[] Converged(Tensor a, string op, Func<Tensor[]> kernel)
    {
        try
        {
            return kernel();
        }
        catch (LibTorchException)
        {
            RequireFinite(a, op);
            throw;
        }
    }

    /// <summary>Refuses matrices with NaN or infinities, and names the first.</summary>
    internal static void RequireFinite(Tensor a, string op)
    {
        if (FirstWhere(a, static x => (~x.IsFinite()).Any([-2, -1])) is int bad)
            throw new InvalidArgumentException($"{op}: {Written(a.Whole, bad)} has elements that are NaN or infinite.");
    }

    /// <summary>Refuses triangular matrices with a zero on their diagonal, and names the first. Inside a trace nothing is looked at.</summary>
    internal static void RequireDiagonal(Tensor a, string op)
    {
        if (ThreadContext.Current.Observer?.RecordsHostEffects == true) return;
        if (FirstWhere(a, static x => x.Diagonal().Equal(0).Any(-1)) is int bad)
            throw new InvalidArgumentException($"{op}: {Written(a.Whole, bad)} is singular, its diagonal has a zero.");
    }

    /// <summary>The part of the largest singular value up to which one counts as zero, as NumPy has it.</summary>
    internal static double DefaultTolerance(Tensor a) =>
        Math.Max(a.ConcreteShape[^1], a.ConcreteShape[^2]) * Math.ScaleB(1, a.DType == DType.Float64 ? -52 : -23);

    private static Tensor Stretched(Tensor x, Shape batch) => x.Shape[..^2] == batch ? x : x.BroadcastTo([.. batch, .. x.Shape[^2..]]);

    private static int? FirstWhere(Tensor a, Func<Tensor, Tensor> isBad)
    {
        using var scope = Temporaries.Begin();
        int found = Array.IndexOf(Tensor.Outside(x => isBad(x).ToArray<bool>(), a.Whole), true);
        return found < 0 ? null : found;
    }

    // Which matrix of a batch: its places along the leading axes.
    private static string Written(Tensor a, int flat)
    {
        Shape batch = a.ConcreteShape[..^2];
        if (batch.Rank == 0) return $"the matrix of shape {a.ConcreteShape}";
        var place = new long[batch.Rank];
        long rest = flat;
        for (int axis = place.Length - 1; axis >= 0; axis--) (rest, place[axis]) = Math.DivRem(rest, batch[axis].Value);
        return $"matrix [{string.Join(", ", place)}] of the batch of shape {a.ConcreteShape}";
    }
}
