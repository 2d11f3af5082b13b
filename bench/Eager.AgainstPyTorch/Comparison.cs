namespace Eager.AgainstPyTorch;

/// <summary>How far the two may be apart, in epsilons of the dtype relative to the largest number of the result.</summary>
internal enum Bound
{
    /// <summary>Numbers are chosen, moved, compared or rounded once, by the same correctly rounded instruction: no difference.</summary>
    Exact = 0,

    /// <summary>
    /// Functions of one element. Both sides run LibTorch's kernels, which are within one epsilon; a gradient is a product of up to
    /// eight rounded factors, whose order the two choose for themselves.
    /// </summary>
    Elementwise = 8,

    /// <summary>
    /// Sums of up to some hundred terms, in orders of their own: each term adds half an epsilon of the partial sum, of which
    /// the square root of the number remains in practice; cancellation in the gradient rules is allowed as much again.
    /// </summary>
    Accumulated = 64,
}

/// <summary>An argument in float64, to be rounded to the dtype under test unless it has one of its own.</summary>
internal sealed record Argument(double[] Values, long[] Sizes, DType? DType = null)
{
    internal Tensor Make(DType underTest) => Tensor.From(Values, Shape.FromSizes(Sizes)).Cast(DType ?? underTest);
}

/// <summary>One operation in both spellings. The arguments are called a, b and c in Python.</summary>
internal sealed record Comparison(string Operation, string Python, Func<Tensor[], Tensor> Call, Func<System.Random, Argument[]> Arguments, Bound Bound)
{
    /// <summary>The dtypes to try.</summary>
    internal DType[] DTypes { get; init; } = [DType.Float32, DType.Float64];

    /// <summary>Whether to compare gradients of the arguments that have no dtype of their own.</summary>
    internal bool Gradients { get; init; } = true;
}
