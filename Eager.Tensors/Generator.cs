using Eager.Interop;

namespace Eager;

/// <summary>A source of random numbers with a state of its own: the same seed gives the same numbers on every run.</summary>
/// <remarks>LibTorch's generators: a Mersenne Twister on the CPU, Philox on CUDA. One generator serves one thread at a time.</remarks>
public sealed class Generator : IDisposable, IDraws
{
    // What stands for the global seed when only an operation has one; TensorFlow's number.
    private const long DefaultGlobalSeed = 87654321;

    private static GlobalSeed? global;
    [ThreadStatic] private static Generator? threadDefault;
    [ThreadStatic] private static Dictionary<Device, Generator>? threadDefaults;  // of other devices than the CPU

    private nint handle;

    /// <summary>Makes a generator; without a seed it starts at a random state.</summary>
    public unsafe Generator(long? seed = null, Device device = default)
    {
        device.Require();
        _ = Native.Memory;
        Device = device;
        Seed = seed ?? Fresh();
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

    /// <summary>Sets the global seed: that of this thread's <see cref="Default"/>, of those that threads make later, and of <see cref="ForSeed"/>.</summary>
    /// <param name="seed">The seed; null takes it back, and what is drawn without a generator is fresh again.</param>
    public static void SetGlobalSeed(long? seed)
    {
        Volatile.Write(ref global, seed is { } value ? new GlobalSeed(value) : null);
        Default.SetSeed(seed ?? Fresh());
        foreach (Generator other in threadDefaults?.Values ?? Enumerable.Empty<Generator>()) other.SetSeed(seed ?? Fresh());
    }

    /// <summary>A new generator for an operation, from the global seed and the operation's own.</summary>
    /// <param name="seed">The operation's seed; null when it has none.</param>
    /// <param name="device">The device that it draws for.</param>
    /// <remarks>
    /// <para>Neither seed is set: fresh numbers on every run. The global one alone: a seed derived from it, another for each generator
    /// asked for since it was set. The operation's alone: combined with a fixed number in place of the global one. Both: combined.</para>
    /// <para>Functions that take a <c>seed</c> draw from such a generator, so the same seeds give them the same numbers in every call.
    /// Inside a traced function the generator is made once, and each replay draws on.</para>
    /// </remarks>
    public static Generator ForSeed(long? seed = null, Device device = default)
    {
        GlobalSeed? known = Volatile.Read(ref global);
        if (known is null && seed is null) return new Generator(null, device);
        return new Generator(seed is { } own ? Combined(known?.Value ?? DefaultGlobalSeed, 2 * (ulong)own + 1) : Combined(known!.Value, 2 * known.NextNumber()), device);
    }

    /// <summary>This thread's generator for a device.</summary>
    internal static Generator DefaultFor(Device device)
    {
        if (device == Device.Cpu) return Default;
        threadDefaults ??= [];
        if (!threadDefaults.TryGetValue(device, out Generator? known)) threadDefaults.Add(device, known = new Generator(NextDefaultSeed(), device));
        return known;
    }

    Generator IDraws.Generator => this;

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
        using Tensor state = State();
        return state.ToArray<byte>();
    }

    /// <summary>Goes on from a state that <see cref="GetState"/> gave.</summary>
    /// <exception cref="InvalidArgumentException">The bytes are no state of such a generator.</exception>
    public void Restore(ReadOnlySpan<byte> state)
    {
        using Tensor bytes = Tensor.OnCpu(state, [state.Length]);
        try
        {
            SetState(bytes);
        }
        catch (LibTorchException e)
        {
            throw new InvalidArgumentException($"Generator.Restore: these {state.Length} bytes are no state of this generator ({e.Message}).");
        }
    }

    /// <summary>The whole state as a tensor of bytes; a trace notes the reading, so that each replay reads the state of then.</summary>
    internal Tensor State()
    {
        _ = Handle;
        return Aten.generator_state(this);
    }

    /// <summary>Goes on from a state; a trace notes that too.</summary>
    internal void SetState(Tensor state)
    {
        _ = Handle;
        Aten.set_generator_state(state, this);
    }

    /// <summary>Frees the generator now.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static long? NextDefaultSeed() => Volatile.Read(ref global)?.Value;

    private static long Fresh() => System.Random.Shared.NextInt64();

    // The finalizer of SplitMix64 (Steele, Lea & Flood 2014): each bit of both seeds moves half of the bits of the result.
    private static long Combined(long globalSeed, ulong operation)
    {
        ulong z = Mixed((ulong)globalSeed + 0x9E3779B97F4A7C15) + operation * 0x9E3779B97F4A7C15;
        return (long)Mixed(z);

        static ulong Mixed(ulong z)
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    private void Free()
    {
        nint freed = Interlocked.Exchange(ref handle, 0);
        if (freed != 0) Native.eager_generator_free(freed);
    }

    private sealed class GlobalSeed(long value)
    {
        private long asked;

        internal long Value { get; } = value;

        /// <summary>Counts the generators that have no seed of their own.</summary>
        internal ulong NextNumber() => (ulong)Interlocked.Increment(ref asked);
    }
}

/// <summary>The attributes of an operation that draws.</summary>
internal interface IDraws
{
    /// <summary>What it draws from.</summary>
    Generator Generator { get; }
}
