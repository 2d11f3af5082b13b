using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Eager.Tests.Examples;

/// <summary>Runs an example as a user does: a process of its own, its output and exit code.</summary>
internal sealed partial class ExampleProgram : IDisposable
{
    private const int Interrupt = 2;  // SIGINT, what Ctrl-C sends

    private readonly Process process;
    private readonly Task<string> errors;

    private ExampleProgram(string assembly, IEnumerable<string> arguments)
    {
        // A program started in the background of a script ignores Ctrl-C, and so would all that it starts: env takes that back.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", assembly, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        process = Process.Start(start)!;
        errors = process.StandardError.ReadToEndAsync();
    }

    internal sealed record Result(int ExitCode, string Output, string Errors)
    {
        internal string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Starts the example of a name with arguments.</summary>
    internal static ExampleProgram Start(string name, params IEnumerable<string> arguments)
    {
        // The example is built in the configuration of these tests, which their own folder names.
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        return new(Path.Combine(Repository.RepositoryRoot.Path, "examples", name, "bin", configuration, "net10.0", $"{name}.dll"), arguments);
    }

    /// <summary>Runs the example to its end.</summary>
    internal static Result Run(string name, params IEnumerable<string> arguments)
    {
        using ExampleProgram program = Start(name, arguments);
        return program.Finish("");
    }

    /// <summary>Presses Ctrl-C when a line begins with a text, and waits for the end.</summary>
    internal Result InterruptAt(string lineStart)
    {
        string output = "";
        while (process.StandardOutput.ReadLine() is { } line)
        {
            output += line + "\n";
            if (!line.StartsWith(lineStart)) continue;
            _ = Kill(process.Id, Interrupt);
            break;
        }
        return Finish(output);
    }

    /// <summary>Waits for a line that begins with a text, or for the end of the output.</summary>
    internal void WaitForLine(string lineStart)
    {
        while (process.StandardOutput.ReadLine() is { } line && !line.StartsWith(lineStart)) { }
    }

    /// <summary>Waits for a number of lines, or for the end of the output.</summary>
    internal void SkipLines(int count)
    {
        for (int i = 0; i < count && process.StandardOutput.ReadLine() is not null; i++) { }
    }

    /// <summary>Ends the program within an instant and without a word to it (SIGKILL), unless it has ended.</summary>
    /// <returns>Whether it was still running.</returns>
    internal bool KillAtOnce()
    {
        const int killed = 128 + 9;  // how the runtime gives the signal
        process.Kill();
        process.WaitForExit();
        return process.ExitCode == killed;
    }

    /// <summary>Whether the program has ended.</summary>
    internal bool HasEnded => process.HasExited;

    public void Dispose() => process.Dispose();

    private Result Finish(string soFar)
    {
        string output = soFar + process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, errors.GetAwaiter().GetResult());
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
