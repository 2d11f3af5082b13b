using System.Reflection;
using Eager.Tests.OpTable;
using NUnit.Framework;

namespace Eager.Gpu;

/// <summary>Runs the op table's own checks with another device in use: what they make, they make there.</summary>
internal static class OpTableOnDevice
{
    // Values against references in plain C#, float64 gradients against differences, and those of the lower dtypes against float64's.
    private static readonly string[] Checks =
    [
        nameof(OpTableTests.Values_and_dtype_are_those_of_the_reference),
        nameof(OpTableTests.Strided_inputs_give_the_same_values),
        nameof(OpTableTests.Gradients_agree_with_differences),
        nameof(OpTableTests.Gradients_of_each_dtype_agree_with_those_of_float64),
    ];

    /// <summary>Prints each failure in a line, and the counts.</summary>
    internal static int Check(Device device)
    {
        var outcome = new Outcome();
        var table = new OpTableTests();
        foreach (string name in Checks)
        {
            MethodInfo check = typeof(OpTableTests).GetMethod(name)!;
            string source = check.GetCustomAttribute<TestCaseSourceAttribute>()!.SourceName!;
            var rows = (IEnumerable<OpRow>)typeof(OpTableTests).GetProperty(source, BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;
            foreach (OpRow row in rows) outcome.Try($"{name}({row})", () => check.Invoke(table, [row]));
        }
        return outcome.Report($"op table on {device}");
    }
}
