using Eager.Autograd;

namespace Eager.AgainstPyTorch;

/// <summary>One call on random arguments: what went in and what came out of this side.</summary>
internal sealed class Case
{
    private readonly int number;
    private readonly DType dtype;
    private readonly Tensor[] arguments;
    private readonly Tensor output;
    private readonly Tensor? outputGradient;

    private Case(Comparison comparison, DType dtype, Tensor[] arguments, Tensor output, Tensor? outputGradient, int number) =>
        (Comparison, this.dtype, this.arguments, this.output, this.outputGradient, this.number) = (comparison, dtype, arguments, output, outputGradient, number);

    internal Comparison Comparison { get; }

    /// <summary>The gradients by the place of their argument.</summary>
    internal Dictionary<int, Tensor> Gradients { get; } = [];

    /// <summary>For the Python side: number, arguments, those to differentiate, expression.</summary>
    internal string Line => $"{number}\t{Names(Enumerable.Range(0, arguments.Length))}\t{Names(Gradients.Keys)}\t{Comparison.Python}";

    /// <summary>The arrays that the Python side reads.</summary>
    internal IEnumerable<KeyValuePair<string, Tensor>> ForPython
    {
        get
        {
            for (int i = 0; i < arguments.Length; i++) yield return new($"{number}/{Name(i)}", arguments[i]);
            if (outputGradient is not null) yield return new($"{number}/g", outputGradient);
        }
    }

    /// <summary>Calls the operation, with gradients of all its arguments where it has some.</summary>
    internal static Case Run(Comparison comparison, DType dtype, Argument[] given, System.Random random, int number)
    {
        Tensor[] arguments = [.. given.Select(a => a.Make(dtype))];
        int[] differentiable = Differentiable(comparison, dtype, given);
        using var tape = new GradientTape();
        foreach (int i in differentiable) tape.Watch(arguments[i]);
        Tensor output = comparison.Call(arguments);
        if (differentiable.Length == 0) return new(comparison, dtype, arguments, output, null, number);

        // Of one sign, so that sums over broadcast axes do not cancel.
        double[] weights = [.. Enumerable.Range(0, (int)output.ElementCount).Select(_ => 0.5 + random.NextDouble())];
        Tensor outputGradient = Tensor.From(weights, output.Shape).Cast(output.DType);
        var made = new Case(comparison, dtype, arguments, output, outputGradient, number);
        Tensor?[] gradients = tape.Gradient(output, [.. differentiable.Select(i => arguments[i])], outputGradient, Unconnected.Zeros);
        for (int i = 0; i < differentiable.Length; i++) made.Gradients.Add(differentiable[i], gradients[i]!);
        return made;
    }

    /// <summary>The operations that a call and its gradients consist of: its own name alone where its shapes depend on values, which no trace can hold.</summary>
    internal static IEnumerable<string> Operations(Comparison comparison, System.Random random)
    {
        DType dtype = comparison.DTypes[^1];
        Argument[] given = comparison.Arguments(random);
        int[] differentiable = Differentiable(comparison, dtype, given);
        using TracedFunction function = Function.Trace((IReadOnlyList<Tensor> x) =>
        {
            using var tape = new GradientTape();
            foreach (int i in differentiable) tape.Watch(x[i]);
            Tensor y = comparison.Call([.. x]);
            return differentiable.Length == 0 ? [y] : [y, .. tape.Gradient(y, [.. differentiable.Select(i => x[i])]).OfType<Tensor>()];
        });
        try
        {
            function.CallAll([.. given.Select(a => a.Make(dtype))]);
        }
        catch (TracingException)
        {
            return [comparison.Operation];
        }
        return [comparison.Operation, .. function.Graph.Operations.Select(static o => o.Type)];
    }

    /// <summary>The largest difference from the other side's output, or from its gradients; infinite where shapes differ or only one is a number.</summary>
    internal double Deviation(NpzFile theirs, bool forward) => forward
        ? Deviation(output, theirs.Read($"{number}/y"))
        : Gradients.Select(g => Deviation(g.Value, theirs.Read($"{number}/d{Name(g.Key)}"))).DefaultIfEmpty().Max();

    private double Deviation(Tensor mine, Tensor theirs)
    {
        if (mine.Shape != theirs.Shape || mine.DType != theirs.DType) return double.PositiveInfinity;
        double[] x = mine.Cast(DType.Float64).ToArray<double>(), y = theirs.Cast(DType.Float64).ToArray<double>();
        double scale = y.Select(Math.Abs).Where(double.IsFinite).DefaultIfEmpty().Max(), largest = 0;
        for (int i = 0; i < x.Length; i++)
        {
            if (x[i].Equals(y[i])) continue;
            double difference = Math.Abs(x[i] - y[i]) / scale;
            if (!double.IsFinite(difference)) return double.PositiveInfinity;
            largest = Math.Max(largest, difference);
        }
        return largest / (dtype == DType.Float32 ? Math.ScaleB(1, -23) : Math.ScaleB(1, -52));
    }

    private static int[] Differentiable(Comparison comparison, DType dtype, Argument[] given) =>
        !comparison.Gradients || !dtype.IsDifferentiable() ? []
        : comparison.Differentiable ?? [.. Enumerable.Range(0, given.Length).Where(i => given[i].DType is null)];

    private static string Name(int argument) => "abcde"[argument].ToString();

    private static string Names(IEnumerable<int> arguments) => string.Concat(arguments.Select(Name));
}
