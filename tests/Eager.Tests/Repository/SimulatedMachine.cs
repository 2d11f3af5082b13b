using System.Diagnostics;

namespace Eager.Tests.Repository;

/// <summary>How a run of the script ended and what it wrote.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>
/// Runs <c>./eager</c> with a PATH of its own: this machine's tools without Ninja, and stand-ins for the package manager
/// that write down how they were called. What lies at fixed places (LibTorch, the data set) is this machine's.
/// </summary>
internal sealed class SimulatedMachine : IDisposable
{
    private static readonly string[] Tools =
        ["bash", "env", "readlink", "dirname", "basename", "cat", "grep", "sed", "tail", "paste", "c++", "cmake", "dpkg-query", "uname", "true"];

    private readonly DirectoryInfo path = Directory.CreateTempSubdirectory("eager-path-");

    public bool UserIsRoot { get; init; } = true;

    public bool SudoWorks { get; init; }

    public bool HasApt { get; init; } = true;

    public bool HasDotnet { get; init; } = true;

    public bool PackageListsAreFetched { get; init; } = true;

    public bool PackagesCanBeHad { get; init; } = true;

    /// <summary>The calls of apt-get so far, oldest first.</summary>
    public IEnumerable<string> PackageCalls => File.Exists(CallLog) ? File.ReadLines(CallLog) : [];

    private string CallLog => Path.Combine(path.FullName, "calls.log");

    public void AddNinja() => Install("ninja", "echo 1.11.1");

    public CommandResult Run(string verb, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        FillPath();
        var start = new ProcessStartInfo(Find("bash")!, [RepositoryRoot.Combine("eager"), verb])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = path.FullName;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CommandResult(process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    public void Dispose() => path.Delete(recursive: true);

    private void FillPath()
    {
        foreach (var tool in HasDotnet ? [.. Tools, "dotnet"] : Tools)
        {
            if (Find(tool) is { } place)
                File.CreateSymbolicLink(Path.Combine(path.FullName, tool), place);
        }
        Install("id", $"echo {(UserIsRoot ? 0 : 1000)}");
        Install("sudo", SudoWorks ? "shift; exec \"$@\"" : "exit 1");
        Install("apt-cache", $"echo '  Candidate: {(PackageListsAreFetched ? "1.0" : "(none)")}'");
        if (HasApt)
            Install("apt-get", $"""echo "apt-get $*" >>'{CallLog}'; [ "$1" = update ] || {(PackagesCanBeHad ? InstallingNinja() : "{ echo 'E: 404'; exit 100; }")}""");
    }

    private string InstallingNinja()
    {
        var ninja = Path.Combine(path.FullName, "ninja");
        return $$"""{ printf '#!/bin/sh\necho 1.11.1\n' >'{{ninja}}'; {{Find("chmod")}} +x '{{ninja}}'; }""";
    }

    private void Install(string name, string body)
    {
        var file = Path.Combine(path.FullName, name);
        File.WriteAllText(file, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string? Find(string tool) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, tool)).FirstOrDefault(File.Exists);
}
