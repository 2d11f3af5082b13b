using System.Runtime.InteropServices;
using Eager.Interop;

namespace Eager;

/// <summary>
/// Hands tensors to other libraries of the process and takes theirs, without a copy, by the DLPack structs: PyTorch, NumPy, JAX, CuPy,
/// ONNX Runtime and others know them. In Python such a pointer travels in a capsule named <c>dltensor</c> (<c>dltensor_versioned</c>).
/// </summary>
/// <remarks>
/// Both sides see what the other writes to the shared memory. Gradients do not cross: a tape follows neither.
/// </remarks>
public static unsafe class DLPack
{
    private const int Cpu = 1, Cuda = 2, CudaHost = 3;
    private const int MostAxes = 64;

    private static readonly (DType DType, DLDataType Type)[] Types =
    [
        (DType.Bool, new(DLDataType.Bool, 8, 1)), (DType.UInt8, new(DLDataType.UInt, 8, 1)), (DType.Int8, new(DLDataType.Int, 8, 1)), (DType.Int16, new(DLDataType.Int, 16, 1)),
        (DType.Int32, new(DLDataType.Int, 32, 1)), (DType.Int64, new(DLDataType.Int, 64, 1)), (DType.Float16, new(DLDataType.Float, 16, 1)), (DType.BFloat16, new(DLDataType.BFloat, 16, 1)),
        (DType.Float32, new(DLDataType.Float, 32, 1)), (DType.Float64, new(DLDataType.Float, 64, 1)), (DType.Complex64, new(DLDataType.Complex, 64, 1)), (DType.Complex128, new(DLDataType.Complex, 128, 1)),
    ];

    /// <summary>A <c>DLManagedTensor*</c> over a tensor's memory, whatever its strides. The memory lives until the taker has called the struct's deleter.</summary>
    /// <remarks>A pointer that nobody takes is to be given to <see cref="Release"/>.</remarks>
    /// <exception cref="TracingException">A traced function is being recorded, where values do not exist yet.</exception>
    public static nint Export(Tensor tensor)
    {
        int rank = tensor.Rank;
        nint shared = Share(tensor);
        var managed = (DLManagedTensor*)NativeMemory.Alloc((nuint)(sizeof(DLManagedTensor) + 2 * rank * sizeof(long)));
        *managed = new() { Tensor = Describe(shared, tensor, (long*)(managed + 1)), Context = (void*)shared, Deleter = &Free };
        return (nint)managed;
    }

    /// <summary>As <see cref="Export"/>, a <c>DLManagedTensorVersioned*</c> of DLPack 1.0.</summary>
    /// <exception cref="TracingException">A traced function is being recorded, where values do not exist yet.</exception>
    public static nint ExportVersioned(Tensor tensor)
    {
        int rank = tensor.Rank;
        nint shared = Share(tensor);
        var managed = (DLManagedTensorVersioned*)NativeMemory.Alloc((nuint)(sizeof(DLManagedTensorVersioned) + 2 * rank * sizeof(long)));
        *managed = new() { Major = DLManagedTensorVersioned.KnownMajor, Tensor = Describe(shared, tensor, (long*)(managed + 1)), Context = (void*)shared, Deleter = &FreeVersioned };
        return (nint)managed;
    }

    /// <summary>A tensor over the memory of a <c>DLManagedTensor*</c>, whose deleter is called when no tensor needs it any more, on any thread.</summary>
    /// <exception cref="InvalidArgumentException">The struct describes what no tensor can be; it stays the caller's.</exception>
    /// <exception cref="DTypeMismatchException">Eager has no such dtype; the struct stays the caller's.</exception>
    /// <exception cref="DeviceException">The memory is on a device that is not here; the struct stays the caller's.</exception>
    public static Tensor Import(nint managed)
    {
        if (managed == 0) throw Refused("the pointer is null");
        return Import(((DLManagedTensor*)managed)->Tensor, new Imported(managed, versioned: false));
    }

    /// <summary>As <see cref="Import(nint)"/>, of a <c>DLManagedTensorVersioned*</c> of DLPack 1.x.</summary>
    /// <exception cref="InvalidArgumentException">The struct is of another major version or describes what no tensor can be; it stays the caller's.</exception>
    /// <exception cref="DTypeMismatchException">Eager has no such dtype; the struct stays the caller's.</exception>
    /// <exception cref="DeviceException">The memory is on a device that is not here; the struct stays the caller's.</exception>
    public static Tensor ImportVersioned(nint managed)
    {
        if (managed == 0) throw Refused("the pointer is null");
        var versioned = (DLManagedTensorVersioned*)managed;
        if (versioned->Major != DLManagedTensorVersioned.KnownMajor) throw Refused($"the struct is of version {versioned->Major}.{versioned->Minor}, of which {DLManagedTensorVersioned.KnownMajor}.x is known");
        return Import(versioned->Tensor, new Imported(managed, versioned: true));
    }

    /// <summary>Gives a <c>DLManagedTensor*</c> back that nobody took, by its deleter.</summary>
    public static void Release(nint managed) => new Imported(managed, versioned: false).Dispose();

    /// <summary>Gives a <c>DLManagedTensorVersioned*</c> back that nobody took, by its deleter.</summary>
    public static void ReleaseVersioned(nint managed) => new Imported(managed, versioned: true).Dispose();

    private static nint Share(Tensor tensor)
    {
        tensor.ReadingValue("DLPack.Export");
        Errors.RequireUnquantized(tensor, "DLPack.Export");
        bool resolved = Native.eager_is_resolved(tensor.Enter()) != 0;
        tensor.Leave();
        using Tensor source = resolved ? tensor.Alias() : TensorMemory.Plain(tensor, "DLPack.Export");
        nint handle = source.Enter();
        Native.eager_retain(handle);
        source.Leave();
        return handle;
    }

    private static DLTensor Describe(nint handle, Tensor tensor, long* sizesAndStrides)
    {
        int rank = tensor.Rank;
        new ReadOnlySpan<long>(Native.eager_sizes(handle), rank).CopyTo(new(sizesAndStrides, rank));
        new ReadOnlySpan<long>(Native.eager_strides(handle), rank).CopyTo(new(sizesAndStrides + rank, rank));
        return new()
        {
            Data = Native.eager_data(handle),
            DeviceType = tensor.Device.Type == DeviceType.Cpu ? Cpu : Cuda,
            DeviceIndex = tensor.Device.Index,
            Rank = rank,
            DType = Array.Find(Types, t => t.DType == tensor.DType).Type,
            Sizes = sizesAndStrides,
            Strides = sizesAndStrides + rank,
        };
    }

    private static Tensor Import(in DLTensor described, Imported owner)
    {
        DLDataType type = described.DType;
        int at = Array.FindIndex(Types, t => t.Type == type);
        if (at < 0) throw new DTypeMismatchException($"DLPack: elements of kind {type.Code} with {type.Bits} bits and {type.Lanes} lanes are of no dtype that Eager has; convert them where they come from.");
        DType dtype = Types[at].DType;
        Device device = described.DeviceType switch
        {
            Cpu or CudaHost => Device.Cpu,
            Cuda => Device.Cuda(described.DeviceIndex),
            _ => throw new DeviceException($"DLPack: device type {described.DeviceType} is not one that Eager has; copy the tensor to the CPU where it comes from."),
        };
        device.Require();
        if (described.Rank is < 0 or > MostAxes) throw Refused($"it has {described.Rank} axes");
        if (described.Rank > 0 && described.Sizes == null) throw Refused("it has no sizes");
        var sizes = new ReadOnlySpan<long>(described.Sizes, described.Rank);
        ReadOnlySpan<long> strides = described.Strides == null ? ForeignMemory.CStrides(sizes) : new ReadOnlySpan<long>(described.Strides, described.Rank);
        Shape shape = Shape.FromSizes(sizes);
        RequireExtent(sizes, strides, dtype, shape);
        byte* data = (byte*)described.Data + described.ByteOffset;
        bool empty = sizes.Contains(0);
        if (!empty && described.Data == null) throw Refused($"it has no memory for shape {shape}");
        int alignment = dtype.IsComplex() ? dtype.ByteSize() / 2 : dtype.ByteSize();
        if (!empty && (nuint)data % (nuint)alignment != 0) throw Refused($"its elements of {dtype.Name()} are not aligned to {alignment} bytes");
        if (dtype == DType.Bool && !empty && device == Device.Cpu) RequireBools(data, sizes, strides);
        return ForeignMemory.Wrap(empty ? null : data, sizes, strides, dtype, device, owner);
    }

    // Sizes and offsets must be numbers that fit, or kernels would compute addresses from what is left of them.
    private static void RequireExtent(ReadOnlySpan<long> sizes, ReadOnlySpan<long> strides, DType dtype, Shape shape)
    {
        Int128 count = 1, extent = 1;
        for (int i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] < 0) throw Refused($"a size of its shape {shape} is negative");
            if (strides[i] < 0 && sizes[i] > 1) throw Refused($"the stride {strides[i]} of axis {i} is negative, which LibTorch does not know");
            count *= Math.Max(sizes[i], 1);
            extent += (Int128)Math.Max(sizes[i] - 1, 0) * Math.Max(strides[i], 0);
            if (count * dtype.ByteSize() > long.MaxValue || extent * dtype.ByteSize() > long.MaxValue) throw Refused($"its shape {shape} takes more bytes than there are addresses");
        }
    }

    private static void RequireBools(byte* data, ReadOnlySpan<long> sizes, ReadOnlySpan<long> strides)
    {
        using var unrecorded = Unrecorded.Begin();
        using var scope = Temporaries.Begin();
        Tensor bytes = ForeignMemory.Wrap(data, sizes, strides, DType.UInt8, Device.Cpu, owner: null);
        if (bytes.Max().Item() > 1) throw Refused("it is bool but holds a byte that is neither 0 nor 1");
    }

    private static InvalidArgumentException Refused(string reason) => new($"DLPack: the tensor cannot be imported: {reason}.");

    [UnmanagedCallersOnly]
    private static void Free(DLManagedTensor* managed)
    {
        Native.eager_free((nint)managed->Context);
        NativeMemory.Free(managed);
    }

    [UnmanagedCallersOnly]
    private static void FreeVersioned(DLManagedTensorVersioned* managed)
    {
        Native.eager_free((nint)managed->Context);
        NativeMemory.Free(managed);
    }

    /// <summary>A struct that was taken; a deleter may be null.</summary>
    private sealed class Imported(nint managed, bool versioned) : IDisposable
    {
        public void Dispose()
        {
            if (versioned)
            {
                var tensor = (DLManagedTensorVersioned*)managed;
                if (tensor->Deleter != null) tensor->Deleter(tensor);
            }
            else
            {
                var tensor = (DLManagedTensor*)managed;
                if (tensor->Deleter != null) tensor->Deleter(tensor);
            }
        }
    }
}
