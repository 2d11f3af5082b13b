using static Eager.AgainstPyTorch.Bound;
using static Eager.AgainstPyTorch.Comparison;

namespace Eager.AgainstPyTorch;

/// <summary>What makes tensors, and what puts elements elsewhere.</summary>
internal static class ShapingComparisons
{
    internal static readonly Comparison[] All =
    [
        Moved("Reshape", "a.reshape(4, -1)", static x => x.Reshape([4, -1])),
        Moved("Transpose", "a.permute(2, 0, 1)", static x => x.Transpose(2, 0, 1)),
        Moved("BroadcastTo", "a.expand(2, *a.shape)", static x => x.BroadcastTo([2, .. x.Shape])) with { Bound = Accumulated },
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
        Moved("ExpandDims", "a.unsqueeze(1)", static x => x.ExpandDims(1)),
        Moved("Squeeze", "a[:1].squeeze(0)", static x => x[..1].Squeeze(0)),
        Moved("Flatten", "a.flatten(1)", static x => x.Flatten(1)),
        Moved("SwapAxes", "a.swapaxes(0, 2)", static x => x.SwapAxes(0, 2)),
        Moved("Contiguous", "a.permute(2, 1, 0).contiguous()", static x => x.Transpose(2, 1, 0).Contiguous()),
        Moved("Stack", "torch.stack([a, a * 2], 1)", static x => Tensor.Stack([x, x * 2], 1)) with { Bound = Elementwise },
        Moved("Repeat", "a.repeat_interleave(2, 1)", static x => x.Repeat(2, 1)) with { Bound = Elementwise },
        Moved("Pad with a number", "F.pad(a, (1, 2), value=1.5)", static x => x.Pad([(0, 0), (0, 0), (1, 2)], 1.5)),
        Moved("Sort, descending", "a.sort(1, descending=True)[0]", static x => x.Sort(1, descending: true)),
        Moved("ArgSort", "a.sort(stable=True, dim=1)[1]", static x => x.ArgSort(1)) with { Gradients = false },
        Moved("TopK, smallest", "a.topk(2, 1, largest=False)[0]", static x => x.TopK(2, 1, largest: false).Values),
        Moved("TopK, places", "a.topk(2, 1)[1]", static x => x.TopK(2, 1).Indices) with { Gradients = false },
        Moved("Diag below", "torch.diag_embed(a, -1)", static x => x.Diag(-1)),
        Moved("Meshgrid", "torch.meshgrid(a[0, 0], a[:, 0, 0], indexing='ij')[1]", static x => Tensor.Meshgrid([x[0, 0], x[.., 0, 0]])[1]) with { Bound = Accumulated },
        Moved("Narrow", "a.narrow(1, 1, 2)", static x => x.Narrow(1, 1, 2)),
        Moved("ReverseGradient", "(-a + 2 * a.detach())", static x => x.ReverseGradient()) with { Bound = Elementwise },
        Moved("StopGradient", "a * a.detach()", static x => x * x.StopGradient()),
        Moved("FftShift", "torch.fft.fftshift(a, (0, 2))", static x => x.FftShift(0, 2)),
        Moved("IfftShift", "torch.fft.ifftshift(a, 1)", static x => x.IfftShift(1)),
        Moved("Full", "torch.full((2, 3), 1.5, dtype=a.dtype)", static x => Tensor.Full([2, 3], 1.5, x.DType)) with { Gradients = false },
        Moved("FullLike", "torch.full_like(a, 1.5)", static x => Tensor.FullLike(x, 1.5)) with { Gradients = false },
        Moved("Eye", "torch.eye(3, 4, dtype=a.dtype)", static x => Tensor.Eye(3, 4, x.DType)) with { Gradients = false },
        Moved("Range", "torch.arange(-1, 2, 0.25, dtype=a.dtype)", static x => Tensor.Range(-1, 2, 0.25, x.DType)) with { Gradients = false },
        Moved("LinSpace", "torch.linspace(-1, 2, 7, dtype=a.dtype)", static x => Tensor.LinSpace(-1, 2, 7, x.DType)) with { Gradients = false },
        Moved("LogSpace", "torch.logspace(-1, 2, 7, 2, dtype=a.dtype)", static x => Tensor.LogSpace(-1, 2, 7, 2, x.DType)) with { Gradients = false, Bound = Elementwise },
        Moved("TrilIndices", "torch.tril_indices(3, 4, 1)", static _ => Tensor.TrilIndices(3, 4, 1)) with { Gradients = false },
        Moved("TriuIndices", "torch.triu_indices(3, 4, -1)", static _ => Tensor.TriuIndices(3, 4, -1)) with { Gradients = false },
    ];
}
