using static Eager.AgainstPyTorch.Argument;

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

    /// <summary>
    /// Solutions and decompositions. Both sides call the same LAPACK routine, but the gradient rules multiply, in orders of their own, up to
    /// four matrices of condition numbers below 4 with sums of up to seven terms, each of which may amplify the error of the one before.
    /// </summary>
    Solved = 256,
}

/// <summary>One operation in both spellings. The arguments are called a, b, c and so on in Python.</summary>
internal sealed record Comparison(string Operation, string Python, Func<Tensor[], Tensor> Call, Func<System.Random, Argument[]> Arguments, Bound Bound)
{
    internal static readonly DType[] Floating = [Eager.DType.Float32, Eager.DType.Float64];
    internal static readonly DType[] Whole = [Eager.DType.Int32, Eager.DType.Int64];
    internal static readonly DType[] Numbers = [.. Whole, .. Floating];

    /// <summary>The dtypes to try.</summary>
    internal DType[] DTypes { get; init; } = Floating;

    /// <summary>Whether to compare gradients.</summary>
    internal bool Gradients { get; init; } = true;

    /// <summary>The arguments whose gradients are compared; all that have no dtype of their own when null.</summary>
    internal int[]? Differentiable { get; init; }

    /// <summary>A function of any number of arguments.</summary>
    internal static Comparison Of(string name, string python, Func<Tensor[], Tensor> call, Func<System.Random, Argument[]> arguments, Bound bound = Bound.Accumulated) =>
        new(name, python, call, arguments, bound);

    /// <summary>A function of each element.</summary>
    internal static Comparison Function(string name, string python, Func<Tensor, Tensor> call, double low, double high, Bound bound = Bound.Elementwise) =>
        new(name, python, x => call(x[0]), r => [Real(r, low, high, AnySizes(r))], bound);

    /// <summary>A function of each element that rounds or tests it.</summary>
    internal static Comparison Chosen(string name, string python, Func<Tensor, Tensor> call) =>
        new(name, python, x => call(x[0]), static r => [Real(r, -3, 3, AnySizes(r))], Bound.Exact) { Gradients = false };

    /// <summary>A function of two elements. Broadcast gradients are sums. From 1 on, no whole number is 0.</summary>
    internal static Comparison Operator(string name, string python, Func<Tensor, Tensor, Tensor> call, double low = 1, double high = 9) =>
        new(name, python, x => call(x[0], x[1]), r => Pair(r, low, high), Bound.Accumulated);

    internal static Comparison Compared(string name, string python, Func<Tensor, Tensor, Tensor> call) =>
        new(name, python, x => call(x[0], x[1]), static r => PairOf(r, static (g, s) => Integers(g, 0, 4, s)), Bound.Exact) { DTypes = Numbers, Gradients = false };

    internal static Comparison Bits(string name, string python, Func<Tensor, Tensor, Tensor> call) =>
        new(name, python, x => call(x[0], x[1]), static r => PairOf(r, static (g, s) => Integers(g, -9, 9, s)), Bound.Exact) { DTypes = Whole, Gradients = false };

    internal static Comparison Logical(string name, string python, Func<Tensor, Tensor, Tensor> call) =>
        new(name, python, x => call(x[0], x[1]), static r => PairOf(r, static (g, s) => Truths(g, s)), Bound.Exact) { Gradients = false };

    /// <summary>A function of three axes that adds, multiplies or compares along some.</summary>
    internal static Comparison Reduction(string name, string python, Func<Tensor, Tensor> call) =>
        new(name, python, x => call(x[0]), static r => [Real(r, -3, 3, r.Next(2, 6), r.Next(2, 20), r.Next(2, 6))], Bound.Accumulated);

    /// <summary>As a reduction, of which nothing but the choice is compared.</summary>
    internal static Comparison Found(string name, string python, Func<Tensor, Tensor> call) => Reduction(name, python, call) with { Bound = Bound.Exact, Gradients = false };

    /// <summary>A function that puts the elements of three axes elsewhere.</summary>
    internal static Comparison Moved(string name, string python, Func<Tensor, Tensor> call) =>
        new(name, python, x => call(x[0]), static r => [Real(r, -3, 3, r.Next(2, 6), 4, r.Next(3, 7))], Bound.Exact);

    /// <summary>A function of three axes and six places on the second of them.</summary>
    internal static Comparison Indexed(string name, string python, Func<Tensor, Tensor, Tensor> call) =>
        new(name, python, x => call(x[0], x[1]), static r => [Real(r, -3, 3, r.Next(2, 6), 4, r.Next(2, 6)), Places(r, 4, 6)], Bound.Accumulated);

    /// <summary>A function of square matrices, in batches of their own.</summary>
    internal static Comparison Square(string name, string python, Func<Tensor, Tensor> call) =>
        new(name, python, x => call(x[0]), static r => r.Next(2, 6) is var n ? [Matrices(r, r.Next(1, 4), n, n)] : [], Bound.Solved);
}
