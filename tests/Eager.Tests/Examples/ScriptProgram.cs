using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Eager.Tests.Repository;
using NUnit.Framework;

namespace Eager.Tests.Examples;

/// <summary>Runs a single-file program as a user does.</summary>
internal static partial class ScriptProgram
{
    internal static (int ExitCode, string Output) Run(string file, params IEnumerable<string> arguments) => RunIn(Environment.CurrentDirectory, file, arguments);

    /// <summary>Runs it where it may leave files behind.</summary>
    internal static (int ExitCode, string Output) RunIn(string folder, string file, params IEnumerable<string> arguments)
    {
        // In the configuration of these tests, which their own folder names: the libraries are built already.
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var start = new ProcessStartInfo("dotnet", ["run", "--configuration", configuration, file, "--", .. arguments]) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.GetAwaiter().GetResult());
    }

    /// <summary>What an example prints, line by line; it must end well.</summary>
    internal static string[] Lines(string script, params IEnumerable<string> arguments)
    {
        (int exitCode, string output) = Run(RepositoryRoot.Combine("examples", "scripts", script), arguments);
        Assert.That(exitCode, Is.Zero, output);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The numbers with a decimal point in a line.</summary>
    internal static double[] Numbers(string line) => [.. Number().Matches(line).Select(static m => double.Parse(m.Value, CultureInfo.InvariantCulture))];

    [GeneratedRegex(@"-?\d+\.\d*(e[+-]?\d+)?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Number();
}
