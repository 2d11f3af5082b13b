using System.Diagnostics;

namespace Eager.Tests.Examples;

/// <summary>Runs a single-file program as a user does.</summary>
internal static class ScriptProgram
{
    internal static (int ExitCode, string Output) Run(string file, params IEnumerable<string> arguments)
    {
        // In the configuration of these tests, which their own folder names: the libraries are built already.
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var start = new ProcessStartInfo("dotnet", ["run", "--configuration", configuration, file, "--", .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.GetAwaiter().GetResult());
    }
}
