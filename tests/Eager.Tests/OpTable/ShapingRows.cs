namespace Eager.Tests.OpTable;

internal static class ShapingRows
{
    internal static readonly OpRow[] All =
    [
        Moves(ShapingOps.Reshape, static x => x.Reshape([-1, 2]), static x => x.Reshaped(x.Values.Length / 2, 2), [
            Matrix, Empty,
            Other("to a vector", static x => x.Reshape([12]), static x => x.Reshaped(12)),
            new Sample("a scalar", Samples.Spread(2, -2, 2)).With(static x => x[0].Reshape([1, 1]), static x => x[0].Reshaped(1, 1)),
            new Sample("empty to empty", NArray.Empty(0, 3)).With(static x => x[0].Reshape([5, 0]), static x => x[0].Reshaped(5, 0)),
        ],
            Refusal.Of<ShapeMismatchException>("wrong count", static () => Tensor.Zeros([2, 3]).Reshape([4]), "Reshape", "[2, 3]", "6", "[4]"),
            Refusal.Of<ShapeMismatchException>("no whole row", static () => Tensor.Zeros([2, 3]).Reshape([-1, 4]), "Reshape", "[2, 3]", "[-1, 4]"),
            Refusal.Of<ShapeMismatchException>("two open sizes", static () => Tensor.Zeros([2, 3]).Reshape([-1, -1]), "Reshape", "at most one")),
        Moves(ShapingOps.Permute, static x => x.Transpose(), static x => x.Transposed(), [
            Matrix, Empty,
            new Sample("three axes", Samples.Spread(2, -2, 2, 2, 3, 2)).With(static x => x[0].Transpose(2, 0, 1), static x => x[0].Permuted(2, 0, 1)),
            new Sample("negative axes", Samples.Spread(3, -2, 2, 2, 3, 2)).With(static x => x[0].Transpose(-2, 0, -1), static x => x[0].Permuted(1, 0, 2)),
            new("a scalar", Samples.Spread(4, -2, 2)),
        ],
            Refusal.Of<ShapeMismatchException>("an axis twice", static () => Tensor.Zeros([2, 3]).Transpose(0, 0), "Transpose", "[0, 0]", "[2, 3]"),
            Refusal.Of<ShapeMismatchException>("an axis too many", static () => Tensor.Zeros([2, 3]).Transpose(0, 1, 2), "axis 2", "[2, 3]")),
        Moves(ShapingOps.BroadcastTo, static x => x.BroadcastTo([2, .. x.Shape]), static x => NArray.Build([2, .. x.Sizes], x.Stretched), [
            Matrix, Empty,
            new Sample("axes of size 1", Samples.Spread(2, -2, 2, 3, 1, 1)).With(static x => x[0].BroadcastTo([x[0].Shape[0], 2, 2]), static x => NArray.Build([x[0].Sizes[0], 2, 2], x[0].Stretched)),
            new Sample("to nothing", Samples.Spread(3, -2, 2, 1)).With(static x => x[0].BroadcastTo([0]), static _ => NArray.Empty(0)),
        ],
            Refusal.Of<ShapeMismatchException>("a size that is not 1", static () => Tensor.Zeros([2, 3]).BroadcastTo([4, 3]), "BroadcastTo", "[2, 3]", "[4, 3]"),
            Refusal.Of<ShapeMismatchException>("fewer axes", static () => Tensor.Zeros([2, 3]).BroadcastTo([3]), "BroadcastTo", "[2, 3]", "[3]")),
        new(JoiningOps.Concat, static x => Tensor.Concat(x), static x => Concat(x, 0))
        {
            DTypes = Kinds.Real,
            Ulps = 0,
            Samples =
            [
                new("rows", Samples.Spread(1, -2, 2, 3, 2), Samples.Spread(2, -2, 2, 1, 2), Samples.Spread(3, -2, 2, 2, 2)),
                new("one", Samples.Spread(4, -2, 2, 2, 2)),
                new("with an empty one", NArray.Empty(0, 2), Samples.Spread(5, -2, 2, 2, 2)),
                new("whole numbers", Samples.Whole(1, 1, 9, 2, 2), Samples.Whole(2, 1, 9, 1, 2)) { For = Kinds.Integers },
                new("truth values", Samples.Truths(1, 2, 2), Samples.Truths(2, 1, 2)) { For = Kinds.Bools },
                new Sample("columns", Samples.Spread(6, -2, 2, 2, 1), Samples.Spread(7, -2, 2, 2, 3)).With(static x => Tensor.Concat(x, -1), static x => Concat(x, 1)),
            ],
            Refusals =
            [
                Refusal.Of<InvalidArgumentException>("none", static () => Tensor.Concat([]), "Concat", "empty"),
                Refusal.Of<ShapeMismatchException>("another width", static () => Tensor.Concat([Tensor.Zeros([2, 3]), Tensor.Zeros([2, 4])]), "Concat", "tensor 1", "[2, 4]", "[2, 3]"),
                Refusal.Of<ShapeMismatchException>("another rank", static () => Tensor.Concat([Tensor.Zeros([2, 3]), Tensor.Zeros([2])]), "Concat", "tensor 1", "ranks differ"),
                Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Concat([Tensor.Zeros([2, 3])], axis: 2), "axis 2", "[2, 3]"),
            ],
        },
        new(ShapingOps.Cast, static x => x[0].Cast(DType.Float64), static x => x[0])
        {
            DTypes = [.. Kinds.Real.Where(static d => d != DType.Float64), DType.Float64],
            OutputDType = static _ => DType.Float64,
            Ulps = 0,
            Samples =
            [
                .. Samples.Real(-2, 2).Select(static s => s with { For = [DType.Float16, DType.BFloat16, DType.Float32] }),
                Samples.Special with { For = [DType.Float16, DType.BFloat16, DType.Float32] },
                .. Samples.Integers, .. Samples.Bools,
                To(DType.Float32, static v => (float)v), To(DType.Float16, static v => (double)(Half)v), To(DType.BFloat16, static v => (float)(BFloat16)(float)v),
                To(DType.Int32, Math.Truncate), To(DType.Int8, Math.Truncate), To(DType.Bool, static v => v != 0 ? 1 : 0),
            ],
        },
        Moves(ShapingOps.Clone, static x => x.Clone(), static x => x, [Matrix, Empty, new("a scalar", Samples.Spread(2, -2, 2))]),
        new(ShapingOps.To, static x => ShapingOps.To.Apply(x, new(x[0].Device, x[0].Device)), static x => x[0]) { DTypes = Kinds.Real, Ulps = 0, Samples = AnyDType([Matrix, Empty]) },
        Moves(ShapingOps.Flip, static x => x.Flip(1), static x => x.AlongAxis(1, static line => [.. line.Reverse()]), [
            Matrix, Empty, Other("all axes", static x => x.Flip(), static x => new([.. x.Values.Reverse()], x.Sizes)),
        ],
            Refusal.Of<ShapeMismatchException>("an axis twice", static () => Tensor.Zeros([2, 3]).Flip(0, -2), "Flip", "[0, -2]", "[2, 3]")),
        Moves(ShapingOps.Roll, static x => x.Roll(1, -1), static x => x.AlongAxis(-1, static line => [line[^1], .. line[..^1]]), [
            Matrix, Empty, Other("backwards and around", static x => x.Roll(-4, 0), static x => x.AlongAxis(0, static line => [.. line[1..], line[0]])),
        ],
            Refusal.Of<ShapeMismatchException>("no such axis", static () => Tensor.Zeros([2, 3]).Roll(1, 2), "Roll", "axis 2", "[2, 3]")),
        Moves(ShapingOps.Contiguous, static x => ShapingOps.Contiguous.Apply([x], default), static x => x, [Matrix, Empty]),
        Moves(ShapingOps.Pad, static x => x.Pad([(0, 0), (1, 2)], DTypeFill(x)), static x => NArray.Build([x.Sizes[0], x.Sizes[1] + 3], i => i[1] is 0 or > 4 ? 1 : x[[i[0], i[1] - 1]]), [
            Matrix, Empty, Other("three axes", static x => x.Pad([(1, 0), (0, 0), (0, 1)]), static x => NArray.Build([4, 2, 3], i => i[0] == 0 || i[2] == 2 ? 0 : x[[i[0] - 1, i[1], i[2]]])),
        ],
            Refusal.Of<ShapeMismatchException>("too few widths", static () => Tensor.Zeros([2, 3]).Pad([(1, 1)]), "Pad", "1 pairs", "[2, 3]"),
            Refusal.Of<InvalidArgumentException>("a negative width", static () => Tensor.Zeros([2]).Pad([(0, -1)]), "Pad", "(0, -1)")),
        Moves("Squeeze", static x => x.Squeeze(1), static x => x.Reshaped(x.Sizes[0], x.Sizes[2]), [
            new("matrix", Samples.Spread(1, -2, 2, 3, 1, 4)),
            new Sample("all axes of size 1", Samples.Spread(2, -2, 2, 1, 3, 1)).With(static x => x[0].Squeeze(), static x => x[0].Reshaped(3)),
        ],
            Refusal.Of<ShapeMismatchException>("a size that is not 1", static () => Tensor.Zeros([2, 3]).Squeeze(0), "Squeeze", "axis 0", "[2, 3]")),
        Moves("ExpandDims", static x => x.ExpandDims(-1), static x => x.Reshaped([.. x.Sizes, 1]), [
            Matrix, Empty, Other("in front", static x => x.ExpandDims(0), static x => x.Reshaped([1, .. x.Sizes])),
        ],
            Refusal.Of<ShapeMismatchException>("no such place", static () => Tensor.Zeros([2, 3]).ExpandDims(3), "axis 3", "[2, 3]")),
        Moves("Flatten", static x => x.Flatten(1), static x => x.Reshaped(x.Sizes[0], 4), [
            new("three axes", Samples.Spread(1, -2, 2, 3, 2, 2)), Other("from the first", static x => x.Flatten(), static x => x.Reshaped(12)),
        ]),
        Moves("SwapAxes", static x => x.SwapAxes(0, -1), static x => x.Transposed(), [Matrix, Empty]),
        new("Stack", static x => Tensor.Stack(x), static x => Concat([.. x.Select(static a => a.Reshaped([1, .. a.Sizes]))], 0))
        {
            DTypes = Kinds.Real,
            Ulps = 0,
            Samples =
            [
                new("whole numbers", Samples.Whole(1, 1, 9, 3), Samples.Whole(2, 1, 9, 3)) { For = Kinds.Integers },
                new("truth values", Samples.Truths(1, 3), Samples.Truths(2, 3)) { For = Kinds.Bools },
                new("matrices", Samples.Spread(1, -2, 2, 2, 3), Samples.Spread(2, -2, 2, 2, 3)),
                new("scalars", Samples.Spread(3, -2, 2), Samples.Spread(4, -2, 2)),
                new Sample("last axis", Samples.Spread(5, -2, 2, 3), Samples.Spread(6, -2, 2, 3)).With(static x => Tensor.Stack(x, -1), static x => Concat([.. x.Select(static a => a.Reshaped(3, 1))], 1)),
            ],
            Refusals =
            [
                Refusal.Of<InvalidArgumentException>("none", static () => Tensor.Stack([]), "Stack", "empty"),
                Refusal.Of<ShapeMismatchException>("another shape", static () => Tensor.Stack([Tensor.Zeros([2]), Tensor.Zeros([3])]), "Stack", "tensor 1", "[3]", "[2]"),
            ],
        },
    ];

    internal static Scalar DTypeFill(Tensor x) => x.DType == DType.Bool ? true : 1;

    internal static Sample Matrix => new("matrix", Samples.Spread(1, -2, 2, 3, 4));

    internal static Sample Empty => new("empty", NArray.Empty(0, 4));

    internal static NArray Concat(NArray[] parts, int axis)
    {
        int[] sizes = NArray.Replaced(parts[0].Sizes, axis, parts.Sum(p => p.Sizes[axis]));
        return NArray.Build(sizes, index =>
        {
            int at = index[axis], part = 0;
            while (at >= parts[part].Sizes[axis]) at -= parts[part++].Sizes[axis];
            return parts[part][NArray.Replaced(index, axis, at)];
        });
    }

    // Operations that only move elements take every dtype alike.
    internal static OpRow Moves(Op op, Func<Tensor, Tensor> call, Func<NArray, NArray> expect, Sample[] samples, params Refusal[] refusals) =>
        new(op, x => call(x[0]), x => expect(x[0])) { DTypes = Kinds.Real, Ulps = 0, Samples = AnyDType(samples), Refusals = refusals };

    internal static OpRow Moves(string method, Func<Tensor, Tensor> call, Func<NArray, NArray> expect, Sample[] samples, params Refusal[] refusals) =>
        new(method, x => call(x[0]), x => expect(x[0])) { DTypes = Kinds.Real, Ulps = 0, Samples = AnyDType(samples), Refusals = refusals };

    internal static Sample[] AnyDType(Sample[] samples) =>
    [
        .. samples,
        samples[0] with { Name = "whole numbers", Inputs = [Samples.Whole(1, 1, 9, samples[0].Inputs[0].Sizes)], For = Kinds.Integers },
        samples[0] with { Name = "truth values", Inputs = [Samples.Truths(1, samples[0].Inputs[0].Sizes)], For = Kinds.Bools },
    ];

    internal static Sample Other(string name, Func<Tensor, Tensor> call, Func<NArray, NArray> expect) =>
        new Sample(name, Samples.Spread(7, -2, 2, 3, 2, 2)).With(x => call(x[0]), x => expect(x[0]));

    private static Sample To(DType dtype, Func<double, double> convert) =>
        new($"float64 to {dtype.Name()}", NArray.Vector(-100.6, -1.5, -0.4, 0, 0.3, 2.7, 100.1))
        {
            For = [DType.Float64],
            Smooth = false,
            Call = (x, _) => [x[0].Cast(dtype)],
            Expect = x => [x[0].Map(convert).As(dtype)],
        };
}
