using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Eager.Train;

/// <summary>One tensor of a dataset, whose slices along axis 0 are put together into batches.</summary>
internal abstract class Column
{
    private const int SlicesAhead = 4;

    private readonly Tensor source;
    private readonly Shape elementShape;
    private readonly DType elementType;
    private readonly int sourceBytes;
    private readonly int elementBytes;

    /// <summary>A column over a tensor's slices; the tensor is kept, not copied, where its elements are on the CPU in C order.</summary>
    private protected Column(Tensor tensor, Shape elementShape, DType elementType)
    {
        const string how = "Dataset.FromTensorSlices";
        if (tensor.Rank == 0) throw new ShapeMismatchException($"{how}: a scalar has no slices; every tensor needs a first axis, one slice per element.");
        source = TensorMemory.KeepPlain(tensor, how);
        this.elementShape = elementShape;
        this.elementType = elementType;
        Count = tensor.ConcreteShape[0];
        long perSlice = Count == 0 ? 0 : tensor.ByteCount / Count;
        long perElement = elementShape.ElementCount * elementType.ByteSize();
        if (Math.Max(perSlice, perElement) > int.MaxValue) throw new InvalidArgumentException($"{how}: one slice of the tensor of shape {tensor.ConcreteShape} takes more than 2 GiB; split it.");
        sourceBytes = (int)perSlice;
        elementBytes = (int)perElement;
    }

    /// <summary>The number of slices.</summary>
    public long Count { get; }

    /// <summary>One slice, without the first axis.</summary>
    public Tensor Element(long index) => Gather([index], elementShape);

    /// <summary>Slices side by side along a new first axis.</summary>
    public Tensor Gather(ReadOnlySpan<long> indices) => Gather(indices, elementShape.Insert(0, indices.Length));

    /// <summary>All slices in their order.</summary>
    public Tensor All()
    {
        var indices = new long[Count];
        for (int i = 0; i < indices.Length; i++) indices[i] = i;
        return Gather(indices);
    }

    /// <summary>What the elements are, for messages.</summary>
    public override string ToString() => $"{elementType.Name()} {elementShape}";

    /// <summary>Makes an element's bytes of a slice's bytes.</summary>
    private protected abstract void Convert(ReadOnlySpan<byte> slice, Span<byte> element);

    private unsafe Tensor Gather(ReadOnlySpan<long> indices, Shape shape)
    {
        Tensor batch = TensorMemory.Empty(shape.Sizes, elementType);
        using var from = new TensorPin(source);
        using var to = new TensorPin(batch);
        for (int i = 0; i < indices.Length; i++)
        {
            if (i + SlicesAhead < indices.Length) Prefetch(from.Pointer + indices[i + SlicesAhead] * sourceBytes);
            Convert(new ReadOnlySpan<byte>(from.Pointer + indices[i] * sourceBytes, sourceBytes), new Span<byte>(to.Pointer + (long)i * elementBytes, elementBytes));
        }
        return batch;
    }

    /// <summary>Shuffled slices lie anywhere in memory: asking for one while others are converted takes most of the wait away (of 410 ns per MNIST picture, 270).</summary>
    private unsafe void Prefetch(byte* slice)
    {
        const int cacheLine = 64, most = 64 * cacheLine;
        if (!Sse.IsSupported) return;
        for (int offset = 0; offset < Math.Min(sourceBytes, most); offset += cacheLine) Sse.Prefetch0(slice + offset);
    }
}

/// <summary>A column whose elements are the slices as they are.</summary>
internal sealed class PlainColumn(Tensor tensor) : Column(tensor, tensor.Rank == 0 ? Shape.Scalar : tensor.ConcreteShape[1..], tensor.DType)
{
    private protected override void Convert(ReadOnlySpan<byte> slice, Span<byte> element) => slice.CopyTo(element);
}

/// <summary>A column of class numbers whose elements are float32 rows with 1 at the class and 0 elsewhere.</summary>
internal sealed class OneHotColumn : Column
{
    public OneHotColumn(Tensor labels, int classes) : base(labels, [classes], DType.Float32)
    {
        if (labels.DType != DType.Int64 || labels.Rank != 1) throw new DTypeMismatchException($"LabelledImages: the labels are {labels.DType.Name()} {labels.ConcreteShape}; one-hot rows are made of int64 class numbers of shape [count].");
        long[] numbers = labels.ToArray<long>();
        int bad = numbers.AsSpan().IndexOfAnyExceptInRange(0, classes - 1);
        if (bad >= 0) throw new InvalidArgumentException($"LabelledImages: label {bad} is {numbers[bad]}, where the classes are 0 to {classes - 1}.");
    }

    private protected override void Convert(ReadOnlySpan<byte> slice, Span<byte> element)
    {
        Span<float> row = MemoryMarshal.Cast<byte, float>(element);
        row.Clear();
        row[(int)MemoryMarshal.Read<long>(slice)] = 1;
    }
}

/// <summary>A column of uint8 pictures whose elements are float32 from 0 to 1, converted while a batch is put together.</summary>
internal sealed class UnitScaleColumn(Tensor pictures, Shape elementShape) : Column(pictures, elementShape, DType.Float32)
{
    private const float White = byte.MaxValue;

    private protected override void Convert(ReadOnlySpan<byte> slice, Span<byte> element) => ToUnitScale(slice, MemoryMarshal.Cast<byte, float>(element));

    /// <summary>Each byte divided by 255, rounded as IEEE division rounds.</summary>
    internal static void ToUnitScale(ReadOnlySpan<byte> bytes, Span<float> floats)
    {
        var white = new Vector<float>(White);
        int quarter = Vector<float>.Count;
        int i = 0;
        for (; i <= bytes.Length - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            Vector.Widen(new Vector<byte>(bytes[i..]), out Vector<ushort> low, out Vector<ushort> high);
            Vector.Widen(low, out Vector<uint> first, out Vector<uint> second);
            Vector.Widen(high, out Vector<uint> third, out Vector<uint> fourth);
            (Vector.ConvertToSingle(first.As<uint, int>()) / white).CopyTo(floats[i..]);
            (Vector.ConvertToSingle(second.As<uint, int>()) / white).CopyTo(floats[(i + quarter)..]);
            (Vector.ConvertToSingle(third.As<uint, int>()) / white).CopyTo(floats[(i + 2 * quarter)..]);
            (Vector.ConvertToSingle(fourth.As<uint, int>()) / white).CopyTo(floats[(i + 3 * quarter)..]);
        }
        for (; i < bytes.Length; i++) floats[i] = bytes[i] / White;
    }
}
