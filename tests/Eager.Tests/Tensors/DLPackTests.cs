using System.Runtime.InteropServices;
using Eager.Interop;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

public unsafe class DLPackTests
{
    // Written by the deleter of the hand-made structs below, on whichever thread frees the tensor.
    private static int deleted;

    [Test]
    public void The_structs_are_laid_out_as_in_the_header_of_DLPack()
    {
        Assert.Multiple(() =>
        {
            Assert.That(sizeof(DLTensor), Is.EqualTo(48));
            Assert.That((int)Marshal.OffsetOf<DLTensor>(nameof(DLTensor.DType)), Is.EqualTo(20));
            Assert.That((int)Marshal.OffsetOf<DLTensor>(nameof(DLTensor.ByteOffset)), Is.EqualTo(40));
            Assert.That(sizeof(DLManagedTensor), Is.EqualTo(64));
            Assert.That(sizeof(DLManagedTensorVersioned), Is.EqualTo(80));
            Assert.That((int)Marshal.OffsetOf<DLManagedTensorVersioned>(nameof(DLManagedTensorVersioned.Tensor)), Is.EqualTo(32));
        });
    }

    [Test]
    public void Every_dtype_goes_out_and_comes_back_over_the_same_memory([Values] bool versioned)
    {
        foreach (DType dtype in DTypes.All.Where(static d => !d.IsQuantized()))
        {
            Tensor x = Tensor.From(0, 1, 1, 0).Cast(dtype).Reshape([2, 2]);

            Tensor y = RoundTrip(x, versioned);

            Assert.That(y.DType, Is.EqualTo(dtype));
            Assert.That(y.Real().Cast(DType.Int32).ToArray2D<int>(), Is.EqualTo(new[,] { { 0, 1 }, { 1, 0 } }), dtype.Name());
            Assert.That(Address(y), Is.EqualTo(Address(x)));
        }
    }

    [Test]
    public void Views_keep_their_strides_and_offset()
    {
        Tensor x = Tensor.From([[1, 2, 3], [4, 5, 6]]);

        Assert.That(RoundTrip(x.Transpose()).ToArray2D<int>(), Is.EqualTo(new[,] { { 1, 4 }, { 2, 5 }, { 3, 6 } }));
        Assert.That(RoundTrip(x[.., 1..]).ToArray2D<int>(), Is.EqualTo(new[,] { { 2, 3 }, { 5, 6 } }));
        Assert.That(RoundTrip(Tensor.From(7).BroadcastTo([3])).ToArray<int>(), Is.EqualTo(new[] { 7, 7, 7 }));
        Assert.That(RoundTrip(Tensor.From(2.5)).Item(), Is.EqualTo(2.5));
        Assert.That(RoundTrip(Tensor.Zeros([0, 3])).Shape, Is.EqualTo(Shape.FromSizes(0, 3)));
    }

    [Test]
    public void The_memory_lives_until_the_last_side_lets_go()
    {
        Tensor x = Tensor.From(1f, 2f, 3f);
        nint managed = DLPack.Export(x);
        x.Dispose();
        Tensor y = DLPack.Import(managed), tail = y[1..];
        y.Dispose();
        Tensor noise = Tensor.Full([3], 9);  // would reuse the block

        Assert.That(tail.ToArray<float>(), Is.EqualTo(new[] { 2f, 3f }));
        Assert.That(noise.ToArray<float>(), Is.EqualTo(new[] { 9f, 9f, 9f }));
    }

    [Test]
    public void What_nobody_takes_is_given_back()
    {
        const long bytes = 512 << 20;
        Tensor x = Tensor.Zeros([bytes], DType.UInt8);
        nint managed = DLPack.Export(x), second = DLPack.ExportVersioned(x);
        x.Dispose();
        long before = Runtime.MemoryInUse;

        DLPack.Release(managed);
        Assert.That(Runtime.MemoryInUse, Is.GreaterThan(before - bytes / 2), "the second struct still holds it");
        DLPack.ReleaseVersioned(second);

        // Tests that run beside this one take far less.
        Assert.That(Runtime.MemoryInUse, Is.LessThan(before - bytes / 2));
    }

    [Test]
    [NonParallelizable]
    public void A_foreign_tensor_is_used_in_place_and_its_deleter_called_once()
    {
        deleted = 0;
        float[] data = [0, 1, 2, 3, 4, 5, 6];
        long[] sizes = [2, 3];
        fixed (float* first = data)
        fixed (long* shape = sizes)
        {
            var managed = new DLManagedTensor
            {
                Tensor = new() { Data = first, DeviceType = 1, Rank = 2, DType = new(DLDataType.Float, 32, 1), Sizes = shape, ByteOffset = sizeof(float) },
                Deleter = &CountDeletion,
            };
            Tensor x = DLPack.Import((nint)(&managed)), row = x[1];
            Assert.That(x.ToArray2D<float>(), Is.EqualTo(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } }));
            data[4] = 40;
            Assert.That(row.ToArray<float>(), Is.EqualTo(new float[] { 40, 5, 6 }));

            x.Dispose();
            Assert.That(deleted, Is.Zero, "a view needs the memory");
            row.Dispose();
            Assert.That(deleted, Is.EqualTo(1));
        }
    }

    [Test]
    [NonParallelizable]
    public void A_struct_that_no_tensor_can_be_is_refused_and_stays_the_callers()
    {
        deleted = 0;
        Assert.Multiple(() =>
        {
            Refuses<InvalidArgumentException>("axes", static t => t with { Rank = 65 });
            Refuses<InvalidArgumentException>("axes", static t => t with { Rank = -1 });
            Refuses<InvalidArgumentException>("no sizes", static t => t with { Sizes = null });
            Refuses<InvalidArgumentException>("no memory", static t => t with { Data = null });
            Refuses<InvalidArgumentException>("not aligned", static t => t with { ByteOffset = 1 });
            Refuses<InvalidArgumentException>("more bytes", static t => t, long.MaxValue / 2);
            Refuses<InvalidArgumentException>("negative", static t => t, -1);
            Refuses<InvalidArgumentException>("neither 0 nor 1", static t => t with { DType = new(DLDataType.Bool, 8, 1) });
            Refuses<DTypeMismatchException>("16 bits", static t => t with { DType = new(DLDataType.UInt, 16, 1) });
            Refuses<DTypeMismatchException>("4 lanes", static t => t with { DType = new(DLDataType.Float, 32, 4) });
            Refuses<DeviceException>("device type 8", static t => t with { DeviceType = 8 });
            Refuses<DeviceException>("cuda:77", static t => t with { DeviceType = 2, DeviceIndex = 77 });
            Assert.That(() => DLPack.Import(0), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("null"));
        });
        var future = new DLManagedTensorVersioned { Major = 2 };
        nint pointer = (nint)(&future);
        Assert.That(() => DLPack.ImportVersioned(pointer), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("2.0"));
        Assert.That(deleted, Is.Zero);
    }

    [Test]
    public void A_negative_stride_is_refused()
    {
        float[] data = [1, 2];
        long[] sizes = [2], strides = [-1];
        fixed (float* first = data)
        fixed (long* shape = sizes, steps = strides)
        {
            var managed = new DLManagedTensor { Tensor = new() { Data = first + 1, DeviceType = 1, Rank = 1, DType = new(DLDataType.Float, 32, 1), Sizes = shape, Strides = steps } };
            nint pointer = (nint)(&managed);
            Assert.That(() => DLPack.Import(pointer), Throws.InstanceOf<InvalidArgumentException>().With.Message.Contains("stride -1"));
        }
    }

    private static void Refuses<T>(string reason, Func<DLTensor, DLTensor> change, long size = 2) where T : EagerException
    {
        float[] data = [float.Pi, 3];  // the first byte of π is DB, no bool
        long[] sizes = [size];
        fixed (float* first = data)
        fixed (long* shape = sizes)
        {
            var good = new DLTensor { Data = first, DeviceType = 1, Rank = 1, DType = new(DLDataType.Float, 32, 1), Sizes = shape };
            var managed = new DLManagedTensor { Tensor = change(good), Deleter = &CountDeletion };
            nint pointer = (nint)(&managed);
            Assert.That(() => DLPack.Import(pointer), Throws.InstanceOf<T>().With.Message.Contains(reason));
        }
    }

    private static Tensor RoundTrip(Tensor x, bool versioned = false) => versioned ? DLPack.ImportVersioned(DLPack.ExportVersioned(x)) : DLPack.Import(DLPack.Export(x));

    private static nint Address(Tensor x)
    {
        nint address = (nint)Native.eager_data(x.Enter());
        x.Leave();
        return address;
    }

    [UnmanagedCallersOnly]
    private static void CountDeletion(DLManagedTensor* managed) => Interlocked.Increment(ref deleted);
}
