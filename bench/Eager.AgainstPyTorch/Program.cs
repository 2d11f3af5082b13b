using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Eager;
using Eager.AgainstPyTorch;
using Eager.Autograd;

// Compares every operation that PyTorch has too, forward and backward, over random shapes and dtypes, with Debian's python3-torch.
// Usage: Eager.AgainstPyTorch PEER.py [SEED]. Leaves with 1 when a bound is exceeded.
if (args.Length is not (1 or 2))
{
    Console.Error.WriteLine("usage: Eager.AgainstPyTorch PEER.py [SEED]");
    return 2;
}
const int rounds = 4;
int seed = args.Length == 2 ? int.Parse(args[1], CultureInfo.InvariantCulture) : Environment.TickCount & 0xFFFF;
var random = new Random(seed);
string folder = Directory.CreateTempSubdirectory("eager-against-pytorch-").FullName;
try
{
    List<Case> cases = [];
    foreach (Comparison comparison in Comparisons.All)
        foreach (DType dtype in comparison.DTypes)
            for (int round = 0; round < rounds; round++)
            {
                try
                {
                    cases.Add(Case.Run(comparison, dtype, comparison.Arguments(random), random, cases.Count));
                }
                catch (EagerException e)
                {
                    throw new InvalidOperationException($"{comparison.Operation}, {dtype.Name()}: {e.Message}", e);
                }
            }

    NpzFile.Write(Path.Combine(folder, "inputs.npz"), cases.SelectMany(static c => c.ForPython));
    File.WriteAllLines(Path.Combine(folder, "cases.tsv"), cases.Select(static c => c.Line));
    using (Process python = Process.Start(new ProcessStartInfo("/usr/bin/python3", [args[0], folder]) { UseShellExecute = false })!)
    {
        python.WaitForExit();
        if (python.ExitCode != 0) return python.ExitCode;
    }
    using NpzFile theirs = NpzFile.Open(Path.Combine(folder, "outputs.npz"));

    Console.WriteLine($"Largest deviation from PyTorch over {cases.Count} cases (seed {seed}), in epsilons of the dtype relative to the largest number of the result:\n");
    Console.WriteLine($"| {"operation",-34} | {"cases",5} | {"forward",8} | {"gradient",8} | {"bound",5} |");
    Console.WriteLine($"|{new string('-', 36)}|{new string('-', 7)}|{new string('-', 10)}|{new string('-', 10)}|{new string('-', 7)}|");
    int exceeded = 0;
    (double Deviation, string Where) largest = (-1, "");
    foreach (IGrouping<Comparison, Case> group in cases.GroupBy(static c => c.Comparison))
    {
        double forward = group.Max(c => c.Deviation(theirs, forward: true)), gradient = group.Max(c => c.Deviation(theirs, forward: false)), worst = Math.Max(forward, gradient);
        bool outside = !(worst <= (int)group.Key.Bound);
        if (outside) exceeded++;
        if (!(worst <= largest.Deviation)) largest = (worst, $"{(gradient > forward ? "the gradient of " : "")}{group.Key.Operation}");
        string backward = group.Any(static c => c.Gradients.Count > 0) ? gradient.ToString("F1", CultureInfo.InvariantCulture) : "";
        Console.WriteLine($"| {group.Key.Operation,-34} | {group.Count(),5} | {forward.ToString("F1", CultureInfo.InvariantCulture),8} | {backward,8} | {(int)group.Key.Bound,5} |{(outside ? " exceeded" : "")}");
    }

    var compared = Comparisons.All.SelectMany(c => Case.Operations(c, random)).ToHashSet(StringComparer.Ordinal);
    string[] declared = [.. Declared().Distinct(StringComparer.Ordinal)], forgotten = [.. declared.Where(name => !compared.Contains(name) && !Comparisons.NotInPyTorch.ContainsKey(name)).Order(StringComparer.Ordinal)];
    Console.WriteLine("\nNot compared:");
    foreach ((string name, string reason) in Comparisons.NotInPyTorch) Console.WriteLine($"  {name}: {reason}");
    foreach (string name in forgotten) Console.WriteLine($"  {name}: FORGOTTEN");
    Console.WriteLine($"\n{Comparisons.All.Length} comparisons of {declared.Count(compared.Contains)} of {declared.Length} declared operations; {exceeded} outside their bound, {forgotten.Length} operations forgotten.");
    Console.WriteLine($"The largest deviation is {largest.Deviation.ToString("F1", CultureInfo.InvariantCulture)}, of {largest.Where}.");
    return exceeded + forgotten.Length == 0 ? 0 : 1;
}
finally
{
    Directory.Delete(folder, recursive: true);
}

// Declarations are internal, so they are known here by their type's name and their text, which is the operation's name.
static IEnumerable<string> Declared() =>
    from assembly in (string[])["Eager.Tensors", "Eager.Autograd", "Eager.Layers", "Eager.Losses", "Eager.Train"]
    from type in Assembly.Load(assembly).GetTypes()
    where !type.ContainsGenericParameters
    from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
    where field.FieldType.Namespace == "Eager" && field.FieldType.Name is "Op" or "Op`1"
    select field.GetValue(null)!.ToString();
