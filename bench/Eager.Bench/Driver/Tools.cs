using System.Diagnostics;

namespace Eager.Bench;

/// <summary>The programs that contestants run in, as far as this machine has them.</summary>
internal sealed class Tools
{
    // Debian's packages belong to Debian's interpreter, which need not be the first on the path.
    private const string Python = "/usr/bin/python3";

    private Tools(string root)
    {
        Root = root;
        PeersFolder = Path.Combine(root, "bench", "peers");
    }

    public string Root { get; }
    public string PeersFolder { get; }
    public string? PythonWithTorch { get; private init; }
    public string? PythonWithNumPy { get; private init; }
    public string? LibTorchPeer { get; private init; }

    /// <summary>Looks for the peers and builds the one in C++.</summary>
    public static Tools Find()
    {
        var root = FindRoot();
        return new Tools(root)
        {
            PythonWithTorch = Imports("torch") ? Python : null,
            PythonWithNumPy = Imports("numpy") ? Python : null,
            LibTorchPeer = BuildLibTorchPeer(root),
        };
    }

    /// <summary>The command that starts this very program, by its host where it has one.</summary>
    public static (string Program, string[] Arguments) Self()
    {
        var host = Path.Combine(AppContext.BaseDirectory, "Eager.Bench");
        return File.Exists(host) ? (host, []) : ("dotnet", [host + ".dll"]);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Eager.sln")))
                return folder.FullName;
        }

        throw new BenchmarkException($"No folder above {AppContext.BaseDirectory} holds Eager.sln: run the benchmark from a checkout.");
    }

    private static bool Imports(string module) => File.Exists(Python) && Run(Python, "-c", "import " + module).ExitCode == 0;

    private static string? BuildLibTorchPeer(string root)
    {
        var source = Path.Combine(root, "bench", "peers", "libtorch");
        var output = Path.Combine(root, "bench", "Eager.Bench", "obj", "libtorch-peer");
        var libTorch = Environment.GetEnvironmentVariable("LIBTORCH") is { Length: > 0 } chosen ? chosen : "/usr";
        Console.WriteLine("Building the LibTorch peer (half a minute the first time)");
        string[][] commands =
        [
            ["-S", source, "-B", output, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DLIBTORCH=" + libTorch],
            ["--build", output],
        ];
        foreach (var arguments in commands)
        {
            var (exitCode, text) = Run("cmake", arguments);
            if (exitCode == 0)
                continue;
            Console.Error.WriteLine(text);
            return null;
        }

        return Path.Combine(output, "libtorch_peer");
    }

    private static (int ExitCode, string Text) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new BenchmarkException($"{program} did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text + errors.Result);
    }
}
