using Eager.Autograd;

namespace Eager.Train;

/// <summary>Prints tensors in the midst of a computation: an operation that gives its first input back, through which gradients flow unchanged.</summary>
/// <remarks>It is a host function (<see cref="Function.Host"/>), inside a traced function too.</remarks>
/// <example><code>
/// var print = new Print("loss ", everyN: 100);
/// foreach (…) loss = print.Call(ComputeLoss());   // on standard error: loss [0.25]
/// </code></example>
public sealed class Print
{
    private readonly Func<Tensor[], Tensor> operation;
    private readonly string message;
    private readonly int summarize;
    private readonly long everyN;
    private readonly long? firstN;
    private readonly TextWriter? output;

    /// <summary>Makes a place that prints.</summary>
    /// <param name="message">What comes before the values.</param>
    /// <param name="summarize">How many elements of each tensor are shown, in C order.</param>
    /// <param name="everyN">Prints at the first call and at every so many after it.</param>
    /// <param name="firstN">How many times it prints at most; null for no limit.</param>
    /// <param name="output">Where to; standard error when null.</param>
    /// <exception cref="InvalidArgumentException">A number is not positive.</exception>
    public Print(string message = "", int summarize = 3, long everyN = 1, long? firstN = null, TextWriter? output = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (summarize < 1 || everyN < 1 || firstN < 1) throw new InvalidArgumentException($"Print: summarize is {summarize}, everyN {everyN}, firstN {firstN?.ToString() ?? "none"}; each must be at least 1.");
        (this.message, this.summarize, this.everyN, this.firstN, this.output) = (message, summarize, everyN, firstN, output);
        operation = Function.Looking(Show, nameof(Print));
    }

    /// <summary>How often it was called.</summary>
    public long Calls { get; private set; }

    /// <summary>Prints, if it is time to.</summary>
    /// <param name="x">What comes back.</param>
    /// <param name="data">The tensors to print; <paramref name="x"/> itself when there are none. At most seven.</param>
    /// <returns><paramref name="x"/>, as the result of an operation.</returns>
    public Tensor Call(Tensor x, params ReadOnlySpan<Tensor> data) => operation([x, .. data]);

    private void Show(Tensor[] x)
    {
        long call = Calls++;
        if (call % everyN != 0 || call / everyN >= firstN) return;
        ReadOnlySpan<Tensor> shown = x.Length == 1 ? x : x.AsSpan(1);
        var text = new System.Text.StringBuilder(message);
        foreach (Tensor tensor in shown) text.Append('[').Append(Beginning(tensor)).Append(']');
        (output ?? Console.Error).WriteLine(text);
    }

    private string Beginning(Tensor tensor)
    {
        using var scope = Temporaries.Begin();
        long count = tensor.ElementCount;
        Tensor first = tensor.Reshape([-1]).Narrow(0, 0, Math.Min(count, summarize));
        IEnumerable<string> values = first.DType switch
        {
            DType.Bool => first.ToArray<bool>().Select(static b => b ? "true" : "false"),
            { } dtype when dtype.IsInteger() => first.Cast(DType.Int64).ToArray<long>().Select(static i => i.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            DType.Float64 => first.ToArray<double>().Select(static d => d.ToString("R", System.Globalization.CultureInfo.InvariantCulture)),
            { } dtype when dtype.IsFloatingPoint() => first.Cast(DType.Float32).ToArray<float>().Select(static f => f.ToString("R", System.Globalization.CultureInfo.InvariantCulture)),
            _ => [first.ToString()],
        };
        return string.Join(' ', values) + (count > summarize ? "..." : "");
    }
}

/// <summary>Printing without a place of its own.</summary>
public static class PrintExtensions
{
    /// <summary>Prints the first elements of a tensor on standard error and gives it back; gradients pass.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="message">What comes before the values.</param>
    /// <param name="summarize">How many elements are shown.</param>
    /// <exception cref="InvalidArgumentException"><paramref name="summarize"/> is not positive.</exception>
    public static Tensor Print(this Tensor x, string message = "", int summarize = 3) => new Print(message, summarize).Call(x);
}
