using System.Reflection;

namespace Eager.Gpu;

/// <summary>Counts checks, and prints each failure in a line.</summary>
internal sealed class Outcome
{
    private int passed;
    private int failed;

    internal void Try(string name, Action check)
    {
        try
        {
            check();
            passed++;
        }
        catch (Exception e)
        {
            failed++;
            Exception cause = e is TargetInvocationException { InnerException: { } inner } ? inner : e;
            Console.WriteLine($"FAILED {name}: {string.Join(' ', cause.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))}");
        }
    }

    /// <summary>Prints the counts; the program's exit status.</summary>
    internal int Report(string what)
    {
        Console.WriteLine($"{what}: {passed} passed, {failed} failed");
        return failed == 0 ? 0 : 1;
    }
}
