using Eager.Interop;

namespace Eager;

internal static class PaddingOps
{
    /// <summary>Places before and after each axis, the last axis first as LibTorch counts them, and what to fill them with.</summary>
    internal readonly record struct Attributes(long[] Places, Scalar Value);

    // y = x in a frame ⇒ dx = the part of g inside the frame, itself a frame of negative width
    internal static readonly Op<Attributes> Pad = new("Pad",
        static (x, in a) => Aten.constant_pad_nd(x[0], a.Places, a.Value),
        static (x, in a) => PaddedShape(x[0], a.Places))
    {
        Accepts = Accepts.Any,
        Gradients = [new(Keep.Nothing, static (g, in s) => Pad!.Apply([g], new(Array.ConvertAll(s.Attributes.Places, static n => -n), 0)))],
    };

    /// <summary>A frame around the height and width of [batch, channels, height, width].</summary>
    internal static Tensor PadImages(Tensor x, Extent2D before, Extent2D after, Scalar value) =>
        Pad.Apply([x], new([before.Width, after.Width, before.Height, after.Height], value));

    private static Shape PaddedShape(Shape x, long[] places)
    {
        Dim[] dims = [.. x];
        for (int i = 0; i < places.Length; i += 2) dims[^(i / 2 + 1)] += places[i] + places[i + 1];
        return Shape.Of(dims);
    }
}
