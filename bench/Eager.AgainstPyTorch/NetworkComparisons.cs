using static Eager.AgainstPyTorch.Argument;
using static Eager.AgainstPyTorch.Bound;
using static Eager.AgainstPyTorch.Comparison;

namespace Eager.AgainstPyTorch;

/// <summary>Windows, normalizations, losses and pictures. Eager's channels are last and its filters end in [input, output] channels.</summary>
internal static class NetworkComparisons
{
    internal static readonly Comparison[] All =
    [
        Of("Convolution", "F.conv2d(a.movedim(-1, 1), b.permute(3, 2, 0, 1), c, padding=1).movedim(1, -1)",
            static x => x[0].Conv2D(x[1], padding: Padding.Same, bias: x[2]), static r => Images(r, 2, [3, 3, 3, 4], 4)),
        Of("Conv1D", "F.conv1d(a.movedim(-1, 1), b.permute(2, 1, 0), c, stride=2, padding=1).movedim(1, -1)",
            static x => x[0].Conv1D(x[1], strides: 2, padding: Padding.Of(1), bias: x[2]), static r => Images(r, 1, [3, 3, 4], 4)),
        Of("Conv2D with strides and dilation", "F.conv2d(a.movedim(-1, 1), b.permute(3, 2, 0, 1), c, stride=(2, 1), dilation=2).movedim(1, -1)",
            static x => x[0].Conv2D(x[1], strides: (2, 1), dilation: 2, bias: x[2]), static r => Images(r, 2, [3, 2, 3, 4], 4)),
        Of("Conv2D in groups", "F.conv2d(a.movedim(-1, 1), b.permute(3, 2, 0, 1), c, groups=3).movedim(1, -1)",
            static x => x[0].Conv2D(x[1], groups: 3, bias: x[2]), static r => Images(r, 2, [3, 2, 1, 6], 6)),
        Of("Conv3D", "F.conv3d(a.movedim(-1, 1), b.permute(4, 3, 0, 1, 2), c, padding=1).movedim(1, -1)",
            static x => x[0].Conv3D(x[1], padding: Padding.Of(1), bias: x[2]), static r => Images(r, 3, [2, 3, 2, 3, 4], 4)),
        Of("Conv1DTranspose", "F.conv_transpose1d(a.movedim(-1, 1), b.permute(2, 1, 0), c, stride=2).movedim(1, -1)",
            static x => x[0].Conv1DTranspose(x[1], strides: 2, bias: x[2]), static r => Images(r, 1, [3, 4, 3], 4)),
        Of("Conv2DTranspose", "F.conv_transpose2d(a.movedim(-1, 1), b.permute(3, 2, 0, 1), c, stride=2, padding=1, output_padding=1).movedim(1, -1)",
            static x => x[0].Conv2DTranspose(x[1], strides: 2, padding: Padding.Of(1), bias: x[2], outputPadding: 1), static r => Images(r, 2, [3, 3, 4, 3], 4)),
        Of("Conv3DTranspose", "F.conv_transpose3d(a.movedim(-1, 1), b.permute(4, 3, 0, 1, 2), c).movedim(1, -1)",
            static x => x[0].Conv3DTranspose(x[1], bias: x[2]), static r => Images(r, 3, [2, 2, 2, 4, 3], 4)),
        Of("DepthwiseConv2D", "F.conv2d(a.movedim(-1, 1), b.permute(2, 3, 0, 1).reshape(6, 1, 3, 2), c, groups=3).movedim(1, -1)",
            static x => x[0].DepthwiseConv2D(x[1], bias: x[2]), static r => Images(r, 2, [3, 2, 3, 2], 6)),
        Of("DepthwiseConv1D", "F.conv1d(a.movedim(-1, 1), b.permute(1, 2, 0).reshape(6, 1, 3), c, groups=3).movedim(1, -1)",
            static x => x[0].DepthwiseConv1D(x[1], bias: x[2]), static r => Images(r, 1, [3, 3, 2], 6)),
        Of("SeparableConv2D", "F.conv2d(F.conv2d(a.movedim(-1, 1), b.permute(2, 3, 0, 1).reshape(6, 1, 3, 2), groups=3), d.permute(3, 2, 0, 1), c).movedim(1, -1)",
            static x => x[0].SeparableConv2D(x[1], x[3], bias: x[2]), static r => [.. Images(r, 2, [3, 2, 3, 2], 5), Real(r, -1, 1, 1, 1, 6, 5)]),
        Of("SeparableConv1D", "F.conv1d(F.conv1d(a.movedim(-1, 1), b.permute(1, 2, 0).reshape(6, 1, 3), groups=3), d.permute(2, 1, 0), c).movedim(1, -1)",
            static x => x[0].SeparableConv1D(x[1], x[3], bias: x[2]), static r => [.. Images(r, 1, [3, 3, 2], 5), Real(r, -1, 1, 1, 6, 5)]),

        Pool("MaxPool", 2, "F.max_pool2d(a, 2)", static x => x.MaxPool2D(2)),
        Pool("MaxPool1D", 1, "F.max_pool1d(a, 3, 2, 1)", static x => x.MaxPool1D(3, 2, Padding.Of(1))),
        Pool("MaxPool2D that overlaps", 2, "F.max_pool2d(a, 3, 1, 1)", static x => x.MaxPool2D(3, 1, Padding.Of(1))),
        Pool("MaxPool3D", 3, "F.max_pool3d(a, 2)", static x => x.MaxPool3D(2)),
        Pool("AvgPool", 2, "F.avg_pool2d(a, 2)", static x => x.AvgPool2D(2)),
        Pool("AvgPool1D", 1, "F.avg_pool1d(a, 3, 2, 1, count_include_pad=False)", static x => x.AvgPool1D(3, 2, Padding.Of(1))),
        Pool("AvgPool2D that overlaps", 2, "F.avg_pool2d(a, 3, 1, 1, count_include_pad=False)", static x => x.AvgPool2D(3, 1, Padding.Of(1))),
        Pool("AvgPool3D", 3, "F.avg_pool3d(a, 2)", static x => x.AvgPool3D(2)),
        Pool("AdaptiveMaxPool1D", 1, "F.adaptive_max_pool1d(a, 3)", static x => x.AdaptiveMaxPool1D(3)),
        Pool("AdaptiveMaxPool", 2, "F.adaptive_max_pool2d(a, (3, 2))", static x => x.AdaptiveMaxPool2D((3, 2))),
        Pool("AdaptiveMaxPool3D", 3, "F.adaptive_max_pool3d(a, 2)", static x => x.AdaptiveMaxPool3D(2)),
        Pool("AdaptiveAvgPool1D", 1, "F.adaptive_avg_pool1d(a, 3)", static x => x.AdaptiveAvgPool1D(3)),
        Pool("AdaptiveAvgPool", 2, "F.adaptive_avg_pool2d(a, (3, 2))", static x => x.AdaptiveAvgPool2D((3, 2))),
        Pool("AdaptiveAvgPool3D", 3, "F.adaptive_avg_pool3d(a, 2)", static x => x.AdaptiveAvgPool3D(2)),
        Pool("GlobalMaxPool", 2, "a.amax((2, 3), keepdim=True)", static x => x.GlobalMaxPool(keepDims: true)),
        Pool("GlobalAvgPool", 2, "a.mean((2, 3), keepdim=True)", static x => x.GlobalAvgPool(keepDims: true)),
        Pool("Resize", 2, "F.interpolate(a, (7, 5), mode='bilinear')", static x => x.Resize((7, 5))),
        Pool("Resize with aligned corners", 2, "F.interpolate(a, (7, 5), mode='bilinear', align_corners=True)", static x => x.Resize((7, 5), alignCorners: true)),
        Pool("Resize to the nearest", 2, "F.interpolate(a, (7, 5), mode='nearest')", static x => x.Resize((7, 5), Interpolation.Nearest)),
        Pool("Resize by cubes", 2, "F.interpolate(a, (7, 5), mode='bicubic')", static x => x.Resize((7, 5), Interpolation.Bicubic)),
        Of("PixelShuffle", "F.pixel_shuffle(a.movedim(-1, 1), 2).movedim(1, -1)", static x => x[0].PixelShuffle(2), static r => AnySizes(r, 3) is var s ? [Real(r, -2, 2, s[0], s[1], s[2], 8)] : [], Exact),
        Of("PixelUnshuffle", "F.pixel_unshuffle(a.movedim(-1, 1), 2).movedim(1, -1)", static x => x[0].PixelUnshuffle(2), static r => AnySizes(r, 3) is var s ? [Real(r, -2, 2, s[0], 2 * s[1], 2 * s[2], 3)] : [], Exact),

        Normalized("BatchNorm", "F.batch_norm(a.movedim(-1, 1), None, None, b, c, training=True, eps=1e-3).movedim(1, -1)", static x => x[0].BatchNorm(x[1], x[2]).Output),
        Normalized("BatchNorm, variance", "a.var((0, 1, 2), unbiased=False) + 0 * (b + c)", static x => x[0].BatchNorm(x[1], x[2]).Variance) with { Gradients = false },
        Normalized("BatchNormInference", "F.batch_norm(a.movedim(-1, 1), d, e, b, c, training=False, eps=1e-3).movedim(1, -1)",
            static x => x[0].BatchNormInference(x[3], x[4], x[1], x[2])) with { Arguments = static r => [.. Channels(r), Real(r, -1, 1, 4), Real(r, 0.5, 2, 4)], Differentiable = [0, 1, 2] },
        Normalized("LayerNorm", "F.layer_norm(a, a.shape[-1:], b, c, eps=1e-3)", static x => x[0].LayerNorm(x[1], x[2])),
        Normalized("LayerNorm over axes", "F.layer_norm(a, a.shape[2:], eps=1e-3) * b + c", static x => x[0].LayerNorm(axis: 2) * x[1] + x[2]),
        Normalized("GroupNorm", "F.group_norm(a.movedim(-1, 1), 2, b, c, eps=1e-3).movedim(1, -1)", static x => x[0].GroupNorm(2, x[1], x[2])),
        Normalized("InstanceNorm", "F.instance_norm(a.movedim(-1, 1), weight=b, bias=c, eps=1e-3).movedim(1, -1)", static x => x[0].InstanceNorm(x[1], x[2])),
        Normalized("RmsNorm", "a * (a.square().mean(-1, keepdim=True) + 1e-6).rsqrt() * b + c", static x => x[0].RmsNorm(x[1]) + x[2]),

        Of("SparseSoftmaxCrossEntropy", "F.cross_entropy(a, b, reduction='none')", static x => Tensor.SparseSoftmaxCrossEntropy(x[1], x[0]),
            // A label's gradient is p − 1, whose error is that of p by 1/(1 − p): no p comes near 1.
            static r => AnySizes(r, 2) is var s ? [Real(r, -1, 1, s), Places(r, s[1], s[0])] : []),
        Of("SoftmaxCrossEntropy", "F.cross_entropy(a, b, reduction='none')", static x => Tensor.SoftmaxCrossEntropy(x[1], x[0]), static r => Twins(r, 0.1, 5, 2)),
        Of("SigmoidCrossEntropy", "F.binary_cross_entropy_with_logits(a, b, reduction='none')", static x => Tensor.SigmoidCrossEntropy(x[1], x[0]), static r => Twins(r, 0, 1, 2)),
        Of("Huber loss", "F.huber_loss(a, b, delta=0.7)", static x => Losses.Loss.Huber(x[1], x[0], delta: 0.7), static r => Twins(r, -2, 2, 2)),
        Of("MeanSquaredError", "F.mse_loss(a, b)", static x => Losses.Loss.MeanSquaredError(x[1], x[0]), static r => Twins(r, -2, 2, 2)),
        Of("AbsoluteDifference", "F.l1_loss(a, b)", static x => Losses.Loss.AbsoluteDifference(x[1], x[0]), static r => Twins(r, -2, 2, 2)),
    ];

    // Pictures of three channels with one to three axes, filters, and one number for each channel that comes out.
    private static Argument[] Images(System.Random random, int axes, long[] filters, long channels) =>
        [Real(random, -2, 2, [random.Next(1, 4), .. Enumerable.Range(0, axes).Select(_ => (long)random.Next(5, 8)), 3]), Real(random, -1, 1, filters), Real(random, -1, 1, channels)];

    private static Comparison Pool(string name, int axes, string python, Func<Tensor, Tensor> call) =>
        Of(name, $"(lambda a: {python})(a.movedim(-1, 1)).movedim(1, -1)", x => call(x[0]), r => [Images(r, axes, [1], 1)[0]]);

    private static Comparison Normalized(string name, string python, Func<Tensor[], Tensor> call) => Of(name, python, call, Channels);

    private static Argument[] Channels(System.Random random) => [Real(random, -2, 2, [.. AnySizes(random, 3), 4]), Real(random, 0.5, 2, 4), Real(random, -1, 1, 4)];
}
