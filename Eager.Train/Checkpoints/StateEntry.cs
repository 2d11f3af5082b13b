using System.Runtime.InteropServices;
using Eager.Autograd;

namespace Eager.Train;

/// <summary>Something whose state a checkpoint keeps: a model, an optimizer, an iterator over a dataset.</summary>
/// <remarks>One list serves saving and restoring, so the two cannot drift apart.</remarks>
public interface ICheckpointable
{
    /// <summary>The parts of the state, each under a key that is unique within this object; always the same keys, dtypes and shapes for the same configuration.</summary>
    /// <remarks>What is made lazily, such as an optimizer's slots, is made here if it is not there yet, so that it can be restored before the first step.</remarks>
    IEnumerable<StateEntry> GetState();
}

/// <summary>One part of a state, under a key: how to read it when saving, and how to put it back when restoring.</summary>
public abstract record StateEntry
{
    private protected StateEntry(string key) => Key = key;

    /// <summary>The key in the file, such as <c>dense/weight</c>.</summary>
    public string Key { get; init; }

    /// <summary>The same part under <c>prefix/key</c>.</summary>
    public StateEntry Under(string prefix) => this with { Key = $"{prefix}/{Key}" };

    /// <summary>A tensor.</summary>
    /// <param name="key">The key in the file.</param>
    /// <param name="get">Gives the tensor as it is now; when restoring, its shape and dtype are those that the file must have.</param>
    /// <param name="set">Takes the restored value, on the CPU, and copies it: it is disposed afterwards.</param>
    public static StateEntry Tensor(string key, Func<Tensor> get, Action<Tensor> set) => new TensorEntry(key, get, set, null);

    /// <summary>A variable; it keeps its identity and takes the restored value, of whatever shape <see cref="Autograd.Variable.StaticShape"/> allows.</summary>
    /// <param name="variable">The variable.</param>
    /// <param name="key">The key in the file; by default the variable's name.</param>
    /// <exception cref="InvalidArgumentException">Neither a key is given nor has the variable a name.</exception>
    public static StateEntry Variable(Variable variable, string? key = null)
    {
        ArgumentNullException.ThrowIfNull(variable);
        return new TensorEntry(key ?? variable.Name ?? throw new InvalidArgumentException($"StateEntry.Variable: a variable of shape {variable.ConcreteShape} has no name; give it one, or give the key."),
            () => variable, value => variable.Assign(value), variable);
    }

    /// <summary>A 64-bit integer, such as a step.</summary>
    /// <param name="key">The key in the file.</param>
    /// <param name="get">Gives the number as it is now.</param>
    /// <param name="set">Takes the restored number.</param>
    public static StateEntry Int64(string key, Func<long> get, Action<long> set) => Int64s(key, () => [get()], values => set(values[0]), Shape.Scalar);

    /// <summary>A 64-bit floating-point number, such as a sum; every bit of it is kept.</summary>
    /// <param name="key">The key in the file.</param>
    /// <param name="get">Gives the number as it is now.</param>
    /// <param name="set">Takes the restored number.</param>
    /// <param name="check">Says why a number from a file does not fit here, or null if it does; asked before anything is restored.</param>
    public static StateEntry Double(string key, Func<double> get, Action<double> set, Func<double, string?>? check = null) =>
        Doubles(key, () => [get()], values => set(values[0]), Shape.Scalar, check is null ? null : values => check(values[0]));

    /// <summary>Bytes, as many as there happen to be.</summary>
    /// <param name="key">The key in the file.</param>
    /// <param name="get">Gives the bytes as they are now.</param>
    /// <param name="set">Takes the restored bytes; it should not fail, for other parts may be restored already.</param>
    /// <param name="check">Says why bytes from a file do not fit here, or null if they do; asked before anything is restored.</param>
    public static StateEntry Bytes(string key, Func<byte[]> get, Action<byte[]> set, Func<byte[], string?>? check = null) =>
        new BytesEntry(key, DType.UInt8, null, get, set, check);

    /// <summary>The state of a generator of random numbers.</summary>
    /// <param name="key">The key in the file.</param>
    /// <param name="generator">The generator.</param>
    public static StateEntry Generator(string key, Generator generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        return Bytes(key, generator.GetState, state => generator.Restore(state), state =>
        {
            int size = generator.GetState().Length;
            return state.Length == size ? null : $"{state.Length} bytes are no state of this generator, which has {size}";
        });
    }

    /// <summary>A row of integers.</summary>
    internal static StateEntry Int64s(string key, Func<long[]> get, Action<long[]> set, Shape shape, Func<long[], string?>? check = null) =>
        Numbers(key, DType.Int64, get, set, shape, check);

    /// <summary>A row of floating-point numbers.</summary>
    internal static StateEntry Doubles(string key, Func<double[]> get, Action<double[]> set, Shape shape, Func<double[], string?>? check = null) =>
        Numbers(key, DType.Float64, get, set, shape, check);

    /// <summary>What gives back the value as it is now.</summary>
    internal abstract Action Hold();

    /// <summary>What to write.</summary>
    internal abstract SafeTensorsSource ToSource();

    /// <summary>Why a part of a file does not fit here by its dtype and shape, null if it does.</summary>
    /// <param name="found">The part of the file.</param>
    /// <param name="reshape">Whether a tensor of another shape with as many elements fits.</param>
    internal abstract string? Mismatch(SafeTensorsEntry found, bool reshape);

    /// <summary>Reads and checks the part without changing anything.</summary>
    internal abstract PreparedState Prepare(SafeTensorsFile file, SafeTensorsEntry found);

    // Numbers lie in the file as they lie in memory: the library is for little-endian machines only, as the format is.
    private static StateEntry Numbers<T>(string key, DType dtype, Func<T[]> get, Action<T[]> set, Shape shape, Func<T[], string?>? check) where T : unmanaged =>
        new BytesEntry(key, dtype, shape,
            () => MemoryMarshal.AsBytes<T>(get()).ToArray(),
            bytes => set(MemoryMarshal.Cast<byte, T>(bytes).ToArray()),
            check is null ? null : bytes => check(MemoryMarshal.Cast<byte, T>(bytes).ToArray()));

    private sealed record TensorEntry(string Key, Func<Tensor> Get, Action<Tensor> Set, Variable? Owner) : StateEntry(Key)
    {
        internal override Action Hold()
        {
            Tensor value = Get().Clone();
            return () => Set(value);
        }

        private Shape Wanted => Owner?.StaticShape ?? Get().ConcreteShape;

        internal override SafeTensorsSource ToSource()
        {
            Tensor tensor = Get();
            return new SafeTensorsSource(Key, tensor.DType, tensor.ConcreteShape, sink => WriteTo(sink, tensor));
        }

        internal override string? Mismatch(SafeTensorsEntry found, bool reshape)
        {
            Tensor mine = Get();
            bool fits = Wanted.IsCompatibleWith(found.Shape) || (reshape && found.ByteLength == SafeTensorsHeader.SizeInBytes(mine.DType, mine.ConcreteShape.Sizes));
            return found.DType == mine.DType && fits ? null
                : $"the file has {found.DType.Name()} {found.Shape}, the program {mine.DType.Name()} {Wanted}";
        }

        internal override PreparedState Prepare(SafeTensorsFile file, SafeTensorsEntry found)
        {
            Shape shape = Wanted.IsCompatibleWith(found.Shape) ? found.Shape : Get().ConcreteShape;
            if (Owner is not null && ReadsInto(Owner, shape))
            {
                return new PreparedState(() =>
                {
                    file.Read(found, Owner);
                    Owner.Changed();
                }, Value: null, Mismatch: null);
            }
            Tensor value = TensorMemory.Empty(shape.Sizes, found.DType);
            try
            {
                file.Read(found, value);
                return new PreparedState(() => Set(value), value, Mismatch: null);
            }
            catch
            {
                value.Dispose();
                throw;
            }
        }

        // Straight from the file into the variable's own memory, unless bytes may turn out to be no elements, or a trace has to see the assignment.
        private static bool ReadsInto(Variable variable, Shape shape) =>
            variable.ConcreteShape == shape && variable.DType != DType.Bool && TensorMemory.IsPlain(variable)
            && ThreadContext.Current.Observer is not { RecordsHostEffects: true };

        private static void WriteTo(ByteSink sink, Tensor tensor)
        {
            using Tensor plain = TensorMemory.Plain(tensor, "Checkpoint.Save");
            using var pin = new TensorPin(plain);
            foreach (Span<byte> part in pin) sink(part);
        }
    }

    private sealed record BytesEntry(string Key, DType DType, Shape? Shape, Func<byte[]> Get, Action<byte[]> Set, Func<byte[], string?>? Check) : StateEntry(Key)
    {
        internal override Action Hold()
        {
            byte[] bytes = Get();
            return () => Set(bytes);
        }

        internal override SafeTensorsSource ToSource()
        {
            byte[] bytes = Get();
            return new SafeTensorsSource(Key, DType, Shape ?? Eager.Shape.FromSizes(bytes.Length), bytes);
        }

        internal override string? Mismatch(SafeTensorsEntry found, bool reshape) =>
            found.DType == DType && (Shape is null ? found.Shape.Rank == 1 && found.ByteLength <= Array.MaxLength : found.Shape == Shape) ? null
                : $"the file has {found.DType.Name()} {found.Shape}, the program {DType.Name()} {Shape?.ToString() ?? "[?]"}";

        internal override PreparedState Prepare(SafeTensorsFile file, SafeTensorsEntry found)
        {
            byte[] bytes = file.ReadBytes(found.Name);
            return new PreparedState(() => Set(bytes), Value: null, Check?.Invoke(bytes));
        }
    }
}

/// <summary>A part of a state that was read and waits to be put in place.</summary>
/// <param name="Commit">Puts it in place.</param>
/// <param name="Value">What to dispose afterwards, if anything.</param>
/// <param name="Mismatch">Why it must not be put in place, null if it may.</param>
internal sealed record PreparedState(Action Commit, IDisposable? Value, string? Mismatch);
