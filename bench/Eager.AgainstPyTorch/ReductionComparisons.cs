using static Eager.AgainstPyTorch.Argument;
using static Eager.AgainstPyTorch.Bound;
using static Eager.AgainstPyTorch.Comparison;

namespace Eager.AgainstPyTorch;

/// <summary>Sums, statistics, extremes, running sums and what else goes along an axis.</summary>
internal static class ReductionComparisons
{
    internal static readonly Comparison[] All =
    [
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
        // Of one sign: the sum of a few numbers is rounded once here and number by number there, which shows where they cancel.
        Reduction("Sum of all", "(a + 3).sum()", static x => (x + 3).Sum()),
        Reduction("Mean of all", "(a + 3).mean()", static x => (x + 3).Mean()),
        Reduction("Prod of all", "a.prod()", static x => x.Prod()),
        Reduction("Max of all", "a.amax()", static x => x.Max()),
        Reduction("Sum with dims", "a.sum((0, 2), keepdim=True)", static x => x.Sum([0, 2], keepDims: true)),
        Reduction("Variance of all", "a.var(unbiased=False)", static x => x.Variance()),
        Reduction("Moments, mean", "torch.var_mean(a, (0, 1), unbiased=False)[1]", static x => x.Moments([0, 1]).Mean),
        Reduction("Moments, variance", "torch.var_mean(a, (0, 1), unbiased=False)[0]", static x => x.Moments([0, 1]).Variance),
        Reduction("Norm of order 1", "a.norm(1, 1)", static x => x.Norm(1, order: 1)),
        Reduction("Norm of order 3", "a.norm(3, 1)", static x => x.Norm(1, order: 3)),
        Reduction("Norm of order infinity", "torch.linalg.vector_norm(a, float('inf'), 1)", static x => x.Norm(1, order: double.PositiveInfinity)),
        Reduction("Norm over axes", "torch.linalg.vector_norm(a, 2, (0, 2))", static x => x.Norm([0, 2])),
        Reduction("L2Loss", "(a * a).sum() / 2", static x => x.L2Loss()),
        Reduction("CumProd", "a.cumprod(1)", static x => x.CumProd(1)),
        Reduction("CumMax", "a.cummax(1)[0]", static x => x.CumMax(1).Item1),
        Reduction("CumMin", "a.cummin(1)[0]", static x => x.CumMin(1).Item1),
        Reduction("LogCumSumExp", "a.logcumsumexp(1)", static x => x.LogCumSumExp(1)),
        Reduction("MaxWithIndices", "a.max(1)[0]", static x => x.MaxWithIndices(1).Values),
        Reduction("MinWithIndices", "a.min(1)[0]", static x => x.MinWithIndices(1).Values),
        Reduction("KthValue", "a.kthvalue(2, 1)[0]", static x => x.KthValue(2, 1).Values),
        Reduction("Median", "a.quantile(0.5, 1)", static x => x.Median(1)),
        Reduction("Quantile", "a.quantile(0.3, 1)", static x => x.Quantile(0.3, [1])),
        Reduction("Quantile, lower", "a.quantile(0.3, 1, interpolation='lower')", static x => x.Quantile(0.3, [1], interpolation: QuantileInterpolation.Lower)),
        Reduction("Quantile, higher", "a.quantile(0.3, 1, interpolation='higher')", static x => x.Quantile(0.3, [1], interpolation: QuantileInterpolation.Higher)),
        Reduction("Quantile, nearest", "a.quantile(0.3, 1, interpolation='nearest')", static x => x.Quantile(0.3, [1], interpolation: QuantileInterpolation.Nearest)),
        Reduction("Quantile, midpoint", "a.quantile(0.3, 1, interpolation='midpoint')", static x => x.Quantile(0.3, [1], interpolation: QuantileInterpolation.Midpoint)),
        Reduction("NanQuantile", "a.where(a < 2, torch.tensor(float('nan'), dtype=a.dtype)).nanquantile(0.3, 1)", static x => (x < 2).Where(x, Tensor.FullLike(x, double.NaN)).NanQuantile(0.3, [1]))
            with { Arguments = static r => [Real(r, -3, 3, r.Next(2, 6), r.Next(12, 20), r.Next(2, 6))] },  // rows of nothing but NaN are not to be had
        Reduction("NanMedian", "a.where(a < 2, torch.tensor(float('nan'), dtype=a.dtype)).nanquantile(0.5)", static x => (x < 2).Where(x, Tensor.FullLike(x, double.NaN)).NanMedian()),
        Reduction("NanSum", "a.where(a < 2, torch.tensor(float('nan'), dtype=a.dtype)).nansum(1)", static x => (x < 2).Where(x, Tensor.FullLike(x, double.NaN)).NanSum([1])),
        Reduction("NanMean", "a.where(a < 2, torch.tensor(float('nan'), dtype=a.dtype)).nanmean()", static x => (x < 2).Where(x, Tensor.FullLike(x, double.NaN)).NanMean()),
        Reduction("Diff", "a.diff(2, 1)", static x => x.Diff(2, 1)) with { Arguments = static r => [Real(r, -3, 3, r.Next(2, 6), r.Next(3, 9), r.Next(2, 6))] },
        Reduction("Trapezoid", "torch.trapezoid(a, dx=0.5, dim=1)", static x => x.Trapezoid(0.5, 1)),
        Reduction("Covariance", "torch.stack([torch.cov(m) for m in a])", static x => x.Covariance()),
        Reduction("Correlation", "torch.corrcoef(a[0])", static x => x[0].Correlation()) with { Arguments = static r => [Real(r, -3, 3, 1, r.Next(2, 6), r.Next(4, 9))] },
        Reduction("Softmax over axis 0", "a.softmax(0)", static x => x.Softmax(0)),
        Reduction("LogSoftmax over axis 0", "a.log_softmax(0)", static x => x.LogSoftmax(0)),
        Reduction("Glu", "F.glu(a, 1)", static x => x.Glu(1)) with { Arguments = static r => [Real(r, -3, 3, r.Next(2, 6), 2 * r.Next(1, 5), r.Next(2, 6))] },
        Found("All", "(a > -2).all(1)", static x => (x > -2).All(1)),
        Found("Any", "(a > 2).any(1)", static x => (x > 2).Any(1)),
        Found("ArgMax", "a.argmax(1)", static x => x.ArgMax(1)),
        Found("ArgMin", "a.argmin(2)", static x => x.ArgMin(2)),
        Found("ArgMax of all", "a.argmax()", static x => x.ArgMax()),
        Found("CountNonZero", "(a > 1).count_nonzero(1)", static x => (x > 1).CountNonZero(1)),
        Found("MaxWithIndices, indices", "a.max(1)[1]", static x => x.MaxWithIndices(1).Indices),
        Found("MinWithIndices, indices", "a.min(1)[1]", static x => x.MinWithIndices(1).Indices),
        Found("CumMax, indices", "a.cummax(1)[1]", static x => x.CumMax(1).Item2),
        Found("Histogram", "torch.histc(a, 5, -3, 3)", static x => x.Histogram(5, (-3, 3)).Item1.Cast(x.DType)),
        Of("Mode", "a.mode(1)[0]", static x => x[0].Mode(1).Values, static r => [Integers(r, 0, 4, r.Next(2, 6), r.Next(2, 9))], Exact) with { DTypes = Numbers, Gradients = false },
        Of("Trapezoid over points", "torch.trapezoid(a, b.cumsum(0), dim=1)", static x => x[0].Trapezoid(x[1].CumSum(0), 1), static r => AnySizes(r, 3) is var sizes ? [Real(r, -3, 3, sizes[0], sizes[1]), Real(r, 0.1, 1, sizes[1])] : []),
        Of("BinCount", "torch.bincount(a)", static x => x[0].BinCount(), static r => [Places(r, 6, r.Next(1, 20))], Exact) with { Gradients = false, DTypes = Whole },
    ];
}
