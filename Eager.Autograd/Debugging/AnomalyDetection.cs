using System.Diagnostics;

namespace Eager.Autograd;

/// <summary>An operation gave NaN or infinity while <see cref="AnomalyDetection"/> was open; the message names it, its inputs and the C# line that called it.</summary>
public sealed class AnomalyException(string message) : EagerException(message);

/// <summary>
/// While it is open, the first operation of this thread whose result holds NaN or infinity throws, in a forward or a backward pass.
/// </summary>
/// <remarks>
/// For finding a fault: every result is read and every caller looked up, which is slow. In a traced function it sees the run
/// that is traced, not the replays.
/// </remarks>
/// <example>
/// <code>
/// using (AnomalyDetection.Open())
///     loss = Train(batch);   // AnomalyException: Log made -Infinity in 1 of 8 elements from x: float32 [8]; called at Model.cs:31
/// </code>
/// </example>
public sealed class AnomalyDetection : IDisposable
{
    // The libraries' own frames, between the operation and whoever called it.
    private static readonly HashSet<string> Libraries = ["Eager.Tensors", "Eager.Autograd", "Eager.Layers", "Eager.Losses", "Eager.Train"];

    [ThreadStatic] private static int open;
    [ThreadStatic] private static string? backward;

    private readonly Watcher watcher = new();
    private bool closed;

    private AnomalyDetection()
    {
        watcher.Attach();
        open++;
    }

    /// <summary>True while one is open on this thread.</summary>
    internal static bool IsOpen => open > 0;

    /// <summary>Opens one on this thread.</summary>
    public static AnomalyDetection Open() => new();

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        if (closed) return;
        closed = true;
        open--;
        watcher.Detach();
    }

    /// <summary>Says which operation's gradient is being computed until the returned value is disposed.</summary>
    internal static BackwardPlace Backward(Op op, string? caller) => IsOpen ? new($"the gradient of {op.Name}, which was called at {caller ?? "a line that is not known"}") : default;

    /// <summary>The innermost line outside the libraries.</summary>
    internal static string Caller()
    {
        foreach (StackFrame frame in new StackTrace(fNeedFileInfo: true).GetFrames())
        {
            if (frame.GetMethod() is not { } method || method.DeclaringType?.Assembly.GetName().Name is not { } assembly) continue;
            if (Libraries.Contains(assembly) || assembly.StartsWith("System.", StringComparison.Ordinal)) continue;
            string where = $"{method.DeclaringType.Name}.{method.Name}";
            return frame.GetFileName() is { } file ? $"{Path.GetFileName(file)}:{frame.GetFileLineNumber()} ({where})" : where;
        }
        return "a line that is not known";
    }

    /// <summary>Names the backward pass's place; the place around it comes back at the end.</summary>
    internal readonly ref struct BackwardPlace
    {
        private readonly bool set;
        private readonly string? before;

        internal BackwardPlace(string place)
        {
            (set, before) = (true, backward);
            backward = place;
        }

        public void Dispose()
        {
            if (set) backward = before;
        }
    }

    private sealed class Watcher : Observer
    {
        internal override bool IsRecording => false;

        internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs) => ulong.MaxValue;

        internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed)
        {
            foreach (Tensor output in outputs)
            {
                if (CountBad(output) is not (> 0 and long bad)) continue;
                var given = new List<string>();
                for (int i = 0; i < inputs.Length; i++)
                {
                    long already = CountBad(inputs[i]);
                    given.Add($"{inputs[i].DType.Name()} {inputs[i].ConcreteShape}{(inputs[i].Name is { } name ? $" '{name}'" : "")}{(already > 0 ? $" with {already} such elements already" : "")}");
                }
                string from = given.Count == 0 ? "nothing" : string.Join(", ", given);
                throw new AnomalyException($"{op.Name} made NaN or infinity in {bad} of {output.ElementCount} elements from {from}; called at {Caller()}{(backward is null ? "" : $", in {backward}")}.");
            }
        }

        private static long CountBad(Tensor x)
        {
            if (!x.DType.IsFloatingPoint()) return 0;
            x = x.Whole;
            using var scope = Temporaries.Begin();
            return Tensor.Outside(static t => t.IsFinite().LogicalNot().Sum().Item<long>(), x);
        }
    }
}
