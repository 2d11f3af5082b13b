using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>Devices by name and in scopes. What is said of a missing GPU is checked where there is none.</summary>
public sealed class DeviceTests
{
    [TestCase("cpu")]
    [TestCase("cpu:0")]
    public void The_processor_is_always_there(string text)
    {
        Assert.That(Device.Parse(text), Is.EqualTo(Device.Cpu));
        Assert.That(Device.Available[0], Is.EqualTo(Device.Cpu));
        using (Device.Use(text)) Assert.That(Tensor.Zeros([2]).Device, Is.EqualTo(Device.Cpu));
    }

    [TestCase("")]
    [TestCase("tpu")]
    [TestCase("cuda:")]
    [TestCase("cuda:-1")]
    [TestCase("cuda:0:1")]
    [TestCase("cuda: 0")]
    public void What_names_no_device_is_refused_with_the_names_that_do(string text)
    {
        Assert.That(() => Device.Parse(text), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains($"'{text}'").And.Message.Contains("cuda:1"));
        Assert.That(() => Device.Use(text), Throws.TypeOf<InvalidArgumentException>());
    }

    [Test]
    public void A_device_that_is_not_there_is_named_with_those_that_are()
    {
        // No machine has so many.
        var absent = new Device(DeviceType.Cuda, 99);
        Func<object>[] uses =
        [
            () => Device.Parse("cuda:99"), () => Device.Use(absent), () => Device.Use("cuda:99"), () => Tensor.Zeros([2], device: absent),
            () => Tensor.Range(0, 3, device: absent), () => Tensor.RandomNormal([2], device: absent), () => Tensor.Ones([2]).To(absent),
            () => Tensor.OneHot(Tensor.From(1), 3).To(absent), () => new Generator(1, absent), () => absent.Properties, () => absent.Memory,
            () => absent.MemoryTable(), () => new DeviceStream(absent), () => DeviceStream.DefaultOf(absent), () => Tensor.Ones([2]).To(absent, nonBlocking: true),
            () => { absent.Synchronize(); return absent; }, () => { absent.ResetPeakMemory(); return absent; }, () => { absent.ReleaseMemory(); return absent; },
        ];
        foreach (Func<object> use in uses)
            Assert.That(() => use(), Throws.TypeOf<DeviceException>().With.Message.Contains("cuda:99").And.Message.Contains("cpu"));
    }

    [Test]
    public void Scopes_nest_and_end()
    {
        using (Device.Use(Device.Cpu))
        {
            using (Device.Use("cpu")) Assert.That(Tensor.Ones([1]).Device, Is.EqualTo(Device.Cpu));
            Assert.That(Tensor.Ones([1]).Device, Is.EqualTo(Device.Cpu));
        }
    }

    [Test]
    public void Every_call_for_a_GPU_that_is_not_there_says_in_one_sentence_what_is_missing()
    {
        Device absent = Device.Cuda(Runtime.HasCuda ? 99 : 0);  // beyond all GPUs, where there are some
        Func<object>[] uses = [() => Device.Use(absent.ToString()), () => Tensor.Zeros([2], device: absent), () => absent.Memory, () => new DeviceStream(absent)];
        if (!Runtime.HasCuda) uses = [.. uses, () => Tensor.Ones([2]).Pin()];
        foreach (Func<object> use in uses)
        {
            string message = Assert.Throws<DeviceException>(() => use())!.Message;
            // What there is, what is missing, and the cure; nothing of LibTorch's or CUDA's own lines, notes and traces.
            Assert.That(message, Does.Contain("this LibTorch").Or.Contain("NVIDIA driver").Or.Contain("cuda:0"));
            Assert.That(message, Does.EndWith(".").And.Not.Contain("\n").And.Not.Contain("Exception raised").And.Not.Contain("ATen_cuda"));
        }
        Assert.That(Tensor.Ones([2]).IsPinned, Is.False);
    }

    [Test]
    public void The_processor_says_what_it_is()
    {
        DeviceProperties cpu = Device.Cpu.Properties;
        Assert.That(cpu.Name, Is.Not.Empty);
        Assert.That(cpu.ComputeCapability, Is.Null);
        Assert.That(cpu.Multiprocessors, Is.EqualTo(Environment.ProcessorCount));
        Assert.That(cpu.TotalMemory, Is.GreaterThan(Device.Cpu.Memory.Free));
    }

    [Test]
    [NonParallelizable]
    public void Memory_is_counted_at_its_peak_until_the_peak_is_reset()
    {
        const long Bytes = 64L << 20;
        Device.Cpu.ReleaseMemory();
        DeviceMemory before = Device.Cpu.Memory;
        Tensor.Zeros([Bytes / sizeof(float)]).Dispose();
        DeviceMemory after = Device.Cpu.Memory;
        Assert.That(after.PeakAllocated, Is.GreaterThanOrEqualTo(before.Allocated + Bytes));
        Assert.That(after.PeakReserved, Is.GreaterThanOrEqualTo(after.PeakAllocated));
        Assert.That(after.Reserved, Is.GreaterThanOrEqualTo(after.Allocated + Bytes), "what was freed waits for the next tensor");

        Device.Cpu.ReleaseMemory();
        Device.Cpu.ResetPeakMemory();
        DeviceMemory reset = Device.Cpu.Memory;
        Assert.That(reset.PeakAllocated, Is.LessThan(before.Allocated + Bytes));
        Assert.That(reset.PeakReserved, Is.LessThan(after.PeakReserved));
    }

    [Test]
    public void A_table_names_what_holds_memory()
    {
        using Tensor large = Tensor.Zeros([3, 1 << 22]), view = large.Transpose();
        string table = Device.Cpu.MemoryTable(rows: 3);
        string[] lines = table.Split('\n');
        Assert.That(lines[0], Does.Contain("bytes").And.Contain("tensors"));
        Assert.That(lines, Has.Length.InRange(3, 6));
        Assert.That(table, Does.Contain("50,331,648").And.Match(@"float32 \[(3, 4194304|4194304, 3)\]"), "a view holds the same memory, counted once");
    }

    [Test]
    [NonParallelizable]
    public void What_does_not_fit_into_memory_is_an_error_with_a_table_of_what_is_held()
    {
        using Tensor held = Tensor.Zeros([5, 1 << 20]);
        DeviceMemoryException error = Assert.Throws<DeviceMemoryException>(() => Tensor.Zeros([1L << 50]))!;
        Assert.That(error.Device, Is.EqualTo(Device.Cpu));
        Assert.That(error.Message, Does.StartWith("Full: cpu has no memory left for 4503599627370496 bytes.").And.Contain("float32 [5, 1048576]"));
        Assert.That(() => held.BroadcastTo([1 << 24, 5, 1 << 20]).Contiguous(), Throws.TypeOf<DeviceMemoryException>().With.Message.StartsWith("Contiguous"));
        Assert.That(held.Sum().Item(), Is.Zero, "and nothing else has changed");
    }

    [TestCase("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 1 has a total capacity of 79.10 GiB of which 1.20 GiB is free.", "cuda:1 has no memory left for 2.00 GiB.")]
    [TestCase("CUDA out of memory. Tried to allocate 512.00 MiB (GPU 0; 14.76 GiB total capacity; 13.50 GiB already allocated)", "cuda:0 has no memory left for 512.00 MiB.")]
    [TestCase("std::bad_alloc", "cpu has no memory left for the result.")]
    public void LibTorchs_words_for_full_memory_become_a_device_and_a_size(string raw, string message) =>
        Assert.That(MemoryShortage.Of(raw).Message, Is.EqualTo(message));

    [Test]
    public void Each_device_has_a_budget_of_its_own()
    {
        var budget = new MemoryBudget(smallest: 100, smallestFull: 250);
        Assert.That((budget.IsSpent(100), budget.IsSpent(101)), Is.EqualTo((false, true)));
        Assert.That((budget.NeedsFull(250), budget.NeedsFull(251)), Is.EqualTo((false, true)), "a full collection is due after more than a young one");
        budget.Renew(1000);
        Assert.That((budget.IsSpent(1500), budget.IsSpent(1501)), Is.EqualTo((false, true)), "half as much again");
        Assert.That(budget.NeedsFull(1501), Is.True, "nothing is known to survive a full one");
        budget.Renew(1000, full: true);
        Assert.That((budget.NeedsFull(1500), budget.NeedsFull(1501)), Is.EqualTo((false, true)));
    }

    [Test]
    public void The_processors_stream_is_done_when_a_call_returns()
    {
        var stream = new DeviceStream(Device.Cpu);
        Tensor x;
        using (stream.Use()) x = Tensor.Ones([3]) + 1;
        stream.WaitFor(DeviceStream.DefaultOf(Device.Cpu));
        stream.Uses(x);
        stream.Synchronize();
        Device.Cpu.Synchronize();
        Assert.That((stream.Device, stream.IsIdle), Is.EqualTo((Device.Cpu, true)));
        Assert.That(x.ToArray<float>(), Is.EqualTo([2f, 2, 2]));
    }

    [Test]
    public void A_streams_use_ends_on_the_thread_that_began_it()
    {
        IDisposable use = new DeviceStream(Device.Cpu).Use();
        Exception? thrown = null;
        var other = new Thread(() =>
        {
            try
            {
                use.Dispose();
            }
            catch (InvalidArgumentException e)
            {
                thrown = e;
            }
        });
        other.Start();
        other.Join();
        Assert.That(thrown?.Message, Does.Contain("thread"));
        use.Dispose();
        use.Dispose();
    }

    [Test]
    public void A_move_to_where_a_tensor_is_gives_the_tensor_itself()
    {
        Tensor x = Tensor.Ones([2]);
        Assert.That(x.To(Device.Cpu, nonBlocking: true), Is.SameAs(x));
    }

    [Test]
    [NonParallelizable]
    public void Switches_for_GPUs_may_be_set_without_one_and_leave_the_processors_numbers_alone()
    {
        bool tf32 = Runtime.AllowTf32, deterministic = Runtime.Deterministic;
        Assert.That((tf32, deterministic), Is.EqualTo((false, false)));
        using var generator = new Generator(1);
        Tensor x = Tensor.RandomNormal([20, 20], generator: generator);
        float[] before = x.MatMul(x).ToArray<float>();
        try
        {
            (Runtime.AllowTf32, Runtime.Deterministic) = (true, true);
            Assert.That((Runtime.AllowTf32, Runtime.Deterministic), Is.EqualTo((true, true)));
            Assert.That(x.MatMul(x).ToArray<float>(), Is.EqualTo(before));
        }
        finally
        {
            (Runtime.AllowTf32, Runtime.Deterministic) = (tf32, deterministic);
        }
    }
}
