using Eager.Interop;

namespace Eager;

/// <summary>A source of random numbers with a state of its own: the same seed gives the same numbers on every run.</summary>
/// <remarks>LibTorch's generators: a Mersenne Twister on the CPU, Philox on CUDA. One generator serves one thread at a time.</remarks>
public sealed class Generator : IDisposable
{
    private static ulong defaultSeed;
    [ThreadStatic] private static Generator? threadDefault;
    [ThreadStatic] private static Dictionary<Device, Generator>? threadDefaults;  // of other devices than the CPU

    private nint handle;

    /// <summary>Makes a generator; without a seed it starts at a random state.</summary>
    public unsafe Generator(long? seed = null, Device device = default)
    {
        device.Require();
        _ = Native.Memory;
        Device = device;
        Seed = seed ?? System.Random.Shared.NextInt64();
        handle = Native.eager_generator_new((int)device.Type, device.Index, (ulong)Seed);
        if (handle == 0) throw Native.Error("Generator");
    }

    /// <summary>Frees what was not disposed.</summary>
    ~Generator() => Free();

    /// <summary>The generator that random functions use when none is given; each thread has one.</summary>
    public static Generator Default => threadDefault ??= new Generator(NextDefaultSeed());

    /// <summary>The device that it draws for.</summary>
    public Device Device { get; }

    /// <summary>The seed that it was made with or last set to.</summary>
    public long Seed { get; private set; }

    /// <summary>Sets the seed of this thread's <see cref="Default"/>, and of those that threads make later.</summary>
    public static void SetGlobalSeed(long seed)
    {
        Volatile.Write(ref defaultSeed, (ulong)seed + 1);
        Default.SetSeed(seed);
        foreach (Generator other in threadDefaults?.Values ?? Enumerable.Empty<Generator>()) other.SetSeed(seed);
    }

    /// <summary>This thread's generator for a device.</summary>
    internal static Generator DefaultFor(Device device)
    {
        if (device == Device.Cpu) return Default;
        threadDefaults ??= [];
        if (!threadDefaults.TryGetValue(device, out Generator? known)) threadDefaults.Add(device, known = new Generator(NextDefaultSeed(), device));
        return known;
    }

    internal nint Handle => handle != 0 ? handle : throw new DisposedException("This Generator was disposed.");

    /// <summary>Starts anew from a seed.</summary>
    public void SetSeed(long seed)
    {
        Native.Check(Native.eager_generator_seed(Handle, (ulong)seed), "Generator.SetSeed");
        Seed = seed;
        GC.KeepAlive(this);
    }

    /// <summary>The whole state as bytes, for <see cref="Restore"/>.</summary>
    public byte[] GetState()
    {
        using Tensor state = Tensor.Own(Native.eager_generator_state(Handle), "Generator.GetState");
        GC.KeepAlive(this);
        return state.ToArray<byte>();
    }

    /// <summary>Goes on from a state that <see cref="GetState"/> gave.</summary>
    /// <exception cref="InvalidArgumentException">The bytes are no state of such a generator.</exception>
    public void Restore(ReadOnlySpan<byte> state)
    {
        using Tensor bytes = Tensor.From(state, [state.Length]);
        int status = Native.eager_generator_restore(Handle, bytes.Enter());
        bytes.Leave();
        GC.KeepAlive(this);
        if (status != 0) throw new InvalidArgumentException($"Generator.Restore: these {state.Length} bytes are no state of this generator ({Native.Error("restore").Message}).");
    }

    /// <summary>Frees the generator now.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static long? NextDefaultSeed() => Volatile.Read(ref defaultSeed) is ulong seed and not 0 ? (long)(seed - 1) : null;

    private void Free()
    {
        nint freed = Interlocked.Exchange(ref handle, 0);
        if (freed != 0) Native.eager_generator_free(freed);
    }
}
