using static Eager.AgainstPyTorch.Bound;

namespace Eager.AgainstPyTorch;

/// <summary>The operations that both have, in both spellings.</summary>
internal static class Comparisons
{
    private static readonly DType[] Whole = [DType.Int32, DType.Int64];
    private static readonly DType[] Numbers = [.. Whole, DType.Float32, DType.Float64];

    internal static readonly Comparison[] All =
    [
        Function("Abs", "a.abs()", static x => x.Abs(), -3, 3, Exact),
        Function("Acos", "a.acos()", static x => x.Acos(), -0.9, 0.9),
        Function("Acosh", "a.acosh()", static x => x.Acosh(), 1.2, 5),
        Function("Asin", "a.asin()", static x => x.Asin(), -0.9, 0.9),
        Function("Asinh", "a.asinh()", static x => x.Asinh(), -3, 3),
        Function("Atan", "a.atan()", static x => x.Atan(), -3, 3),
        Function("Atanh", "a.atanh()", static x => x.Atanh(), -0.9, 0.9),
        Function("Clip", "a.clamp(-1, 1)", static x => x.Clip(-1, 1), -3, 3, Exact),
        Function("Cos", "a.cos()", static x => x.Cos(), -3, 3),
        Function("Cosh", "a.cosh()", static x => x.Cosh(), -3, 3),
        Function("Digamma", "a.digamma()", static x => x.Digamma(), 0.5, 6),
        Function("Elu", "F.elu(a)", static x => x.Elu(), -3, 3),
        Function("Erf", "a.erf()", static x => x.Erf(), -2, 2),
        Function("Erfc", "a.erfc()", static x => x.Erfc(), -2, 2),
        Function("ErfInverse", "a.erfinv()", static x => x.ErfInverse(), -0.9, 0.9),
        Function("Exp", "a.exp()", static x => x.Exp(), -3, 3),
        Function("Exp2", "a.exp2()", static x => x.Exp2(), -3, 3),
        Function("Expm1", "a.expm1()", static x => x.Expm1(), -3, 3),
        Function("Gelu", "F.gelu(a)", static x => x.Gelu(), -3, 3),
        Function("LeakyRelu", "F.leaky_relu(a)", static x => x.LeakyRelu(), -3, 3),
        Function("Log", "a.log()", static x => x.Log(), 0.1, 5),
        Function("Log10", "a.log10()", static x => x.Log10(), 0.1, 5),
        Function("Log1p", "a.log1p()", static x => x.Log1p(), -0.8, 5),
        Function("Log2", "a.log2()", static x => x.Log2(), 0.1, 5),
        Function("LogGamma", "a.lgamma()", static x => x.LogGamma(), 0.5, 6),
        Function("Negate", "-a", static x => -x, -3, 3, Exact),
        Function("Reciprocal", "a.reciprocal()", static x => x.Reciprocal(), 0.3, 3),
        Function("Relu", "a.relu()", static x => x.Relu(), -3, 3, Exact),
        Function("Rsqrt", "a.rsqrt()", static x => x.Rsqrt(), 0.2, 5),
        Function("Sigmoid", "a.sigmoid()", static x => x.Sigmoid(), -4, 4),
        Function("Silu", "F.silu(a)", static x => x.Silu(), -4, 4),
        Function("BesselI0", "torch.special.i0(a)", static x => x.BesselI0(), -3, 3),
        Function("BesselI0Scaled", "torch.special.i0e(a)", static x => x.BesselI0Scaled(), -3, 3),
        Function("BesselI1", "torch.special.i1(a)", static x => x.BesselI1(), 0.5, 3),
        Function("BesselI1Scaled", "torch.special.i1e(a)", static x => x.BesselI1Scaled(), 0.5, 3),
        Function("ErfcScaled", "torch.special.erfcx(a)", static x => x.ErfcScaled(), -1, 3),
        Function("LogNormalCdf", "torch.special.log_ndtr(a)", static x => x.LogNormalCdf(), -3, 3),
        Function("NormalCdfInverse", "torch.special.ndtri(a)", static x => x.NormalCdfInverse(), 0.1, 0.9),
        Function("Polygamma", "torch.polygamma(1, a)", static x => x.Polygamma(1), 0.5, 6),
        Function("Sin", "a.sin()", static x => x.Sin(), -3, 3),
        Function("Sinh", "a.sinh()", static x => x.Sinh(), -3, 3),
        Function("Softplus", "F.softplus(a)", static x => x.Softplus(), -4, 4),
        Function("Sqrt", "a.sqrt()", static x => x.Sqrt(), 0.2, 5),
        Function("Square", "a.square()", static x => x.Square(), -3, 3),
        Function("Tan", "a.tan()", static x => x.Tan(), -1.2, 1.2),
        Function("Tanh", "a.tanh()", static x => x.Tanh(), -3, 3),
        Chosen("Ceiling", "a.ceil()", static x => x.Ceiling()),
        Chosen("Floor", "a.floor()", static x => x.Floor()),
        Chosen("Round", "a.round()", static x => x.Round()),
        Chosen("Sign", "a.sign()", static x => x.Sign()),
        Chosen("Truncate", "a.trunc()", static x => x.Truncate()),
        Chosen("IsNaN", "(a / a.floor()).isnan()", static x => (x / x.Floor()).IsNaN()),

        Operator("Add", "a + b", static (a, b) => a + b) with { DTypes = Numbers },
        Operator("Subtract", "a - b", static (a, b) => a - b) with { DTypes = Numbers },
        Operator("Multiply", "a * b", static (a, b) => a * b) with { DTypes = Numbers },
        Operator("Divide", "a / b", static (a, b) => a / b),
        Operator("FloorDivide", "torch.floor_divide(a, b)", static (a, b) => a.FloorDivide(b)) with { DTypes = Numbers, Gradients = false },
        Operator("FloorMod", "torch.remainder(a, b)", static (a, b) => a % b) with { DTypes = Numbers },
        Operator("Pow", "a ** b", static (a, b) => a.Pow(b)),
        Operator("Maximum", "torch.maximum(a, b)", static (a, b) => a.Maximum(b)) with { DTypes = Numbers },
        Operator("Minimum", "torch.minimum(a, b)", static (a, b) => a.Minimum(b)) with { DTypes = Numbers },
        Operator("Atan2", "torch.atan2(a, b)", static (a, b) => a.Atan2(b)),
        Operator("Hypot", "torch.hypot(a, b)", static (a, b) => a.Hypot(b)),
        Operator("CopySign", "torch.copysign(a, b)", static (a, b) => a.CopySign(b)),
        Operator("FMax", "torch.fmax(a, b)", static (a, b) => a.FMax(b)),
        Operator("FMin", "torch.fmin(a, b)", static (a, b) => a.FMin(b)),
        Operator("Fmod", "torch.fmod(a, b)", static (a, b) => a.Fmod(b)),
        Operator("LogAddExp2", "torch.logaddexp2(a, b)", static (a, b) => a.LogAddExp2(b)),
        Operator("Lerp", "torch.lerp(a, b, 0.25)", static (a, b) => a.Lerp(b, 0.25)) with { Arguments = static r => [Real(r, -3, 3, 3, 4, 5), Real(r, -3, 3, 3, 4, 5)] },
        Operator("NextAfter", "torch.nextafter(a, b)", static (a, b) => a.NextAfter(b)) with { Bound = Exact, Gradients = false },
        Operator("XLogY", "torch.xlogy(a, b)", static (a, b) => a.XLogY(b)),
        Operator("XLog1pY", "torch.special.xlog1py(a, b)", static (a, b) => a.XLog1pY(b)),
        Operator("LogAddExp", "torch.logaddexp(a, b)", static (a, b) => a.LogAddExp(b)),
        Compared("Equal", "a == b", static (a, b) => a.Equal(b)),
        Compared("NotEqual", "a != b", static (a, b) => a.NotEqual(b)),
        Compared("Less", "a < b", static (a, b) => a < b),
        Compared("LessEqual", "a <= b", static (a, b) => a <= b),
        Compared("Greater", "a > b", static (a, b) => a > b),
        Compared("GreaterEqual", "a >= b", static (a, b) => a >= b),
        Bits("Gcd", "torch.gcd(a, b)", static (a, b) => a.Gcd(b)),
        Bits("Lcm", "torch.lcm(a, b)", static (a, b) => a.Lcm(b)),
        Bits("And", "a & b", static (a, b) => a & b),
        Bits("Or", "a | b", static (a, b) => a | b),
        Bits("Xor", "a ^ b", static (a, b) => a ^ b),
        new("Not", "~a", static x => ~x[0], static r => [Integers(r, -9, 9, Sizes(r))], Exact) { DTypes = Whole, Gradients = false },
        new("ShiftLeft", "a << b", static x => x[0] << x[1], static r => PairOf(r, static (g, s) => Integers(g, 0, 9, s)), Exact) { DTypes = Whole, Gradients = false },
        new("LogicalAnd", "torch.logical_and(a, b)", static x => x[0].LogicalAnd(x[1]), Truths, Exact) { Gradients = false },
        new("LogicalOr", "torch.logical_or(a, b)", static x => x[0].LogicalOr(x[1]), Truths, Exact) { Gradients = false },
        new("LogicalXor", "torch.logical_xor(a, b)", static x => x[0].LogicalXor(x[1]), Truths, Exact) { Gradients = false },
        new("LogicalNot", "torch.logical_not(a)", static x => x[0].LogicalNot(), Truths, Exact) { Gradients = false },
        new("Where", "torch.where(c, a, b)", static x => x[2].Where(x[0], x[1]), static r => [.. Pair(r, -3, 3), new([1, 0, 1], [3, 1, 1], DType.Bool)], Accumulated),

        Reduction("Sum", "a.sum(1)", static x => x.Sum(1)),
        Reduction("Mean", "a.mean((0, 2))", static x => x.Mean([0, 2])),
        Reduction("Prod", "a.prod(2)", static x => x.Prod(2)),
        Reduction("Max", "a.amax((1, 2))", static x => x.Max([1, 2])),
        Reduction("Min", "a.amin(0)", static x => x.Min(0)),
        Reduction("LogSumExp", "a.logsumexp(1)", static x => x.LogSumExp(1)),
        Reduction("Variance", "a.var((0, 1), unbiased=False)", static x => x.Variance([0, 1])),
        Reduction("StandardDeviation", "a.std(1, unbiased=True)", static x => x.StandardDeviation(1, correction: 1)),
        Reduction("Norm", "a.norm(2, 1)", static x => x.Norm(1)),
        Reduction("CumSum", "a.cumsum(1)", static x => x.CumSum(1)),
        Reduction("Softmax", "a.softmax(1)", static x => x.Softmax(1)),
        Reduction("LogSoftmax", "a.log_softmax(-1)", static x => x.LogSoftmax()),
        Reduction("All", "(a > -2).all(1)", static x => (x > -2).All(1)) with { Bound = Exact, Gradients = false },
        Reduction("Any", "(a > 2).any(1)", static x => (x > 2).Any(1)) with { Bound = Exact, Gradients = false },
        Reduction("ArgMax", "a.argmax(1)", static x => x.ArgMax(1)) with { Bound = Exact, Gradients = false },
        Reduction("ArgMin", "a.argmin(2)", static x => x.ArgMin(2)) with { Bound = Exact, Gradients = false },

        new("MatMul", "a @ b", static x => x[0].MatMul(x[1]), static r => [Real(r, -2, 2, 7, 19), Real(r, -2, 2, 19, 5)], Accumulated),
        new("BatchMatMul", "a @ b", static x => x[0].MatMul(x[1]), static r => [Real(r, -2, 2, 4, 1, 7, 9), Real(r, -2, 2, 3, 9, 5)], Accumulated),
        new("Affine", "F.linear(a, b.t(), c)", static x => x[0].MatMul(x[1]) + x[2], static r => [Real(r, -2, 2, 7, 19), Real(r, -2, 2, 19, 5), Real(r, -2, 2, 5)], Accumulated),
        new("Convolution", "F.conv2d(a.permute(0, 3, 1, 2), b.permute(3, 2, 0, 1), c, padding=1).permute(0, 2, 3, 1)",
            static x => x[0].Conv2D(x[1], padding: Padding.Same, bias: x[2]), static r => [Real(r, -2, 2, 2, 6, 7, 3), Real(r, -1, 1, 3, 3, 3, 4), Real(r, -1, 1, 4)], Accumulated),
        new("MaxPool", "F.max_pool2d(a.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)", static x => x[0].MaxPool2D(2), static r => [Real(r, -2, 2, 2, 6, 7, 3)], Exact),
        new("AvgPool", "F.avg_pool2d(a.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)", static x => x[0].AvgPool2D(2), static r => [Real(r, -2, 2, 2, 6, 7, 3)], Accumulated),
        new("SparseSoftmaxCrossEntropy", "F.cross_entropy(a, b, reduction='none')", static x => Tensor.SparseSoftmaxCrossEntropy(x[1], x[0]),
            static r => [Real(r, -5, 5, 9, 6), Integers(r, 0, 6, 9) with { DType = DType.Int64 }], Accumulated),

        Moved("Reshape", "a.reshape(4, 15)", static x => x.Reshape([4, 15])),
        Moved("Transpose", "a.permute(2, 0, 1)", static x => x.Transpose(2, 0, 1)),
        Moved("BroadcastTo", "a.expand(2, 3, 4, 5)", static x => x.BroadcastTo([2, 3, 4, 5])) with { Bound = Accumulated },
        Moved("Tile", "a.repeat(2, 1, 3)", static x => x.Tile(2, 1, 3)) with { Bound = Accumulated },
        Moved("Pad", "F.pad(a, (1, 2, 0, 1))", static x => x.Pad([(0, 0), (0, 1), (1, 2)])),
        Moved("Flip", "a.flip(0, 2)", static x => x.Flip(0, 2)),
        Moved("Roll", "a.roll(2, 1)", static x => x.Roll(2, 1)),
        Moved("Slice", "a[1:, ::2, -3:]", static x => x[1.., TensorIndex.Slice(step: 2), ^3..]),
        Moved("Select", "a[:, 2]", static x => x[.., 2]),
        Moved("Concat", "torch.cat([a, a * 2], 1)", static x => Tensor.Concat([x, x * 2], 1)) with { Bound = Elementwise },
        Moved("Unstack", "a.unbind(1)[2]", static x => x.Unstack(1)[2]),
        Moved("Split", "a.split((1, 3), 1)[1]", static x => x.Split([1, 3], 1)[1]),
        Moved("Tril", "a.tril(1)", static x => x.Tril(1)),
        Moved("Triu", "a.triu(-1)", static x => x.Triu(-1)),
        Moved("Diagonal", "a.diagonal(1, -2, -1)", static x => x.Diagonal(1)),
        Moved("Diag", "torch.diag_embed(a[0, 0])", static x => x[0, 0].Diag()),
        Moved("Cast", "a.to(torch.float64)", static x => x.Cast(DType.Float64)),
        Moved("Clone", "a.clone()", static x => x.Clone()),
        Moved("Sort", "a.sort(1)[0]", static x => x.Sort(1)),
        Moved("TopK", "a.topk(2, 1)[0]", static x => x.TopK(2, 1).Item1),
        Indexed("Gather", "a.index_select(1, b)", static (x, i) => x.Gather(i, 1)),
        Indexed("Index", "a[:, b]", static (x, i) => x[.., i]),
        new("TakeAlongAxis", "a.gather(1, b)", static x => x[0].TakeAlongAxis(x[1], 1), static r => [Real(r, -3, 3, 3, 4), Integers(r, 0, 4, 3, 6) with { DType = DType.Int64 }], Accumulated),
        new("IndexAdd", "a.index_add(0, b, c)", static x => x[0].IndexAdd(x[1], x[2]), static r => [Real(r, -3, 3, 4, 5), Integers(r, 0, 4, 6) with { DType = DType.Int64 }, Real(r, -3, 3, 6, 5)], Accumulated),
        new("ScatterAdd", "a.scatter_add(1, b, c)", static x => x[0].ScatterAdd(x[1], x[2], 1), static r => [Real(r, -3, 3, 3, 4), Integers(r, 0, 4, 3, 6) with { DType = DType.Int64 }, Real(r, -3, 3, 3, 6)], Accumulated),
    ];

    private static Comparison Function(string name, string python, Func<Tensor, Tensor> call, double low, double high, Bound bound = Elementwise) =>
        new(name, python, x => call(x[0]), r => [Real(r, low, high, Sizes(r))], bound);

    private static Comparison Chosen(string name, string python, Func<Tensor, Tensor> call) =>
        new(name, python, x => call(x[0]), static r => [Real(r, -3, 3, Sizes(r))], Exact) { Gradients = false };

    // Broadcast gradients are sums. From 1 on, no whole number is 0.
    private static Comparison Operator(string name, string python, Func<Tensor, Tensor, Tensor> call) =>
        new(name, python, x => call(x[0], x[1]), static r => Pair(r, 1, 9), Accumulated);

    private static Comparison Compared(string name, string python, Func<Tensor, Tensor, Tensor> call) =>
        new(name, python, x => call(x[0], x[1]), static r => PairOf(r, static (g, s) => Integers(g, 0, 4, s)), Exact) { DTypes = Numbers, Gradients = false };

    private static Comparison Bits(string name, string python, Func<Tensor, Tensor, Tensor> call) =>
        new(name, python, x => call(x[0], x[1]), static r => PairOf(r, static (g, s) => Integers(g, -9, 9, s)), Exact) { DTypes = Whole, Gradients = false };

    private static Comparison Reduction(string name, string python, Func<Tensor, Tensor> call) =>
        new(name, python, x => call(x[0]), static r => [Real(r, -3, 3, r.Next(2, 6), r.Next(2, 20), r.Next(2, 6))], Accumulated);

    private static Comparison Moved(string name, string python, Func<Tensor, Tensor> call) =>
        new(name, python, x => call(x[0]), static r => [Real(r, -3, 3, 3, 4, 5)], Exact);

    private static Comparison Indexed(string name, string python, Func<Tensor, Tensor, Tensor> call) =>
        new(name, python, x => call(x[0], x[1]), static r => [Real(r, -3, 3, 3, 4, 5), Integers(r, 0, 4, 6) with { DType = DType.Int64 }], Accumulated);

    private static long[] Sizes(System.Random random) => [.. Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(1, 9))];

    private static Argument Real(System.Random random, double low, double high, params long[] sizes) => Fill(sizes, () => low + (high - low) * random.NextDouble());

    private static Argument Integers(System.Random random, int low, int end, params long[] sizes) => Fill(sizes, () => random.Next(low, end));

    private static Argument Fill(long[] sizes, Func<double> next)
    {
        var values = new double[sizes.Aggregate(1L, static (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++) values[i] = next();
        return new(values, sizes);
    }

    private static Argument[] Pair(System.Random random, double low, double high) => PairOf(random, (r, sizes) => Real(r, low, high, sizes));

    /// <summary>Two shapes that broadcast against [3, 4, 5].</summary>
    private static Argument[] PairOf(System.Random random, Func<System.Random, long[], Argument> make)
    {
        long[][] shapes = [[3, 4, 5], [4, 5], [5], [], [3, 1, 5], [1, 4, 1]];
        return [make(random, shapes[random.Next(shapes.Length)]), make(random, shapes[random.Next(shapes.Length)])];
    }

    private static Argument[] Truths(System.Random random) => [.. PairOf(random, static (r, sizes) => Integers(r, 0, 2, sizes)).Select(static a => a with { DType = DType.Bool })];
}
