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
        var table = new OpTableTests();
        int passed = 0, failed = 0;
        foreach (string name in Checks)
        {
            MethodInfo check = typeof(OpTableTests).GetMethod(name)!;
            string source = check.GetCustomAttribute<TestCaseSourceAttribute>()!.SourceName!;
            var rows = (IEnumerable<OpRow>)typeof(OpTableTests).GetProperty(source, BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;
            foreach (OpRow row in rows)
            {
                try
                {
                    check.Invoke(table, [row]);
                    passed++;
                }
                catch (TargetInvocationException e)
                {
                    failed++;
                    Console.WriteLine($"FAILED {name}({row}): {string.Join(' ', e.InnerException!.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))}");
                }
            }
        }
        Console.WriteLine($"op table on {device}: {passed} passed, {failed} failed");
        return failed == 0 ? 0 : 1;
    }
}
