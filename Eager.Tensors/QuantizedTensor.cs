using Eager.Printing;

namespace Eager;

/// <summary>
/// A tensor of a quantized dtype: integers in another tensor, and what they stand for. Operations cannot take it, but for those that
/// rearrange elements: they rearrange the integers.
/// </summary>
/// <remarks>LibTorch's own quantized tensors are not used: their kernels turn what lies beyond the largest integer into the lowest one.</remarks>
internal sealed class QuantizedTensor : Tensor
{
    private readonly Tensor integers;

    private QuantizedTensor(Tensor integers, DType dtype, Quantization quantization) : base(integers, dtype, integers.ConcreteShape, integers.Id) =>
        (this.integers, Quantized) = (integers, quantization);

    /// <summary>What the integers stand for; the axis, if there is one, counts from the first.</summary>
    internal Quantization Quantized { get; }

    internal override Tensor Holder => integers;

    /// <summary>Takes over a tensor of integers.</summary>
    internal static QuantizedTensor Wrap(Tensor integers, Quantization quantization)
    {
        DType dtype = integers.DType switch
        {
            DType.Int8 => DType.QInt8,
            DType.UInt8 => DType.QUInt8,
            _ => DType.QInt32,
        };
        var tensor = new QuantizedTensor(integers, dtype, quantization);
        tensor.JoinScope();
        return tensor;
    }

    /// <summary>The same integers elsewhere.</summary>
    internal Tensor Copy(Func<Tensor, Tensor> copy)
    {
        Tensor copied = copy(integers);
        return ReferenceEquals(copied, integers) ? this : Wrap(copied, Quantized);
    }

    /// <summary>The integers in another arrangement, which leaves no axis for scales of its own.</summary>
    internal Tensor Rearranged(string op, Func<Tensor, Tensor> rearrange) =>
        Quantized.Axis is null ? Copy(rearrange)
            : throw new DTypeMismatchException($"{op}: this {DType.Name()} tensor of shape {ConcreteShape} has its own scale for each place of axis {Quantized.Axis}, which need not be an axis of what comes out; call Dequantize first.");

    /// <summary>The axes in another order; that of the scales moves along.</summary>
    internal Tensor Transposed(int[] axes) =>
        Wrap(ShapingOps.Permute.Apply([integers], axes), Quantized.Axis is int axis ? Quantized.Along(Array.IndexOf(axes, axis)) : Quantized);

    /// <summary>The same integers in another shape, in which the axis of the scales, if there is one, must be found again.</summary>
    internal Tensor Reshaped(Shape shape)
    {
        if (Quantized.Axis is not int axis) return Wrap(integers.Reshape(shape), Quantized);
        Shape from = ConcreteShape, to = ShapingOps.Fill(from, shape);
        long before = from[..axis].ElementCount.Value;
        for (int i = 0; i < to.Rank; i++)
            if (to[i] == from[axis] && to[..i].ElementCount.Value == before) return Wrap(integers.Reshape(shape), Quantized.Along(i));
        throw new DTypeMismatchException($"Reshape: axis {axis} of this {DType.Name()} tensor of shape {from}, each of whose places has its own scale, is no axis of {to}; call Dequantize first.");
    }

    internal override Tensor Alias(bool sameIdentity = true) => Wrap(integers.Alias(sameIdentity), Quantized);

    internal override Tensor AliasUnscoped(long id = 0) => new QuantizedTensor(integers.AliasUnscoped(id), DType, Quantized);

    // An operation that was handed it adds its name, see Errors.FromLibTorch.
    private protected override EagerException WhyUnusable() =>
        IsDisposed ? base.WhyUnusable() : new LibTorchException($"This {DType.Name()} tensor of shape {ConcreteShape} is quantized; compute with what Dequantize gives, or with its Integers.");

    private protected override string WrittenElements()
    {
        using var scope = Temporaries.Begin();
        return Outside(static q => ArrayText.Of(q.Dequantize()), this);
    }

    private protected override string Described(Shape known) => $"{base.Described(known)}, {Quantized}";
}
