using System.Diagnostics;
using NUnit.Framework;

namespace Eager.Tests.Examples;

/// <summary>The single-file programs print what their comments promise.</summary>
public sealed class ScriptTests
{
    [Test]
    public void The_tour_computes_differentiates_trains_and_traces()
    {
        string[] lines = Run("tour.cs");
        Assert.Multiple(() =>
        {
            Assert.That(lines, Does.Contain("a + b = [11, 22, 13, 24] of shape [2, 2]"));
            Assert.That(lines, Does.Contain("a · b = [50, 110] of shape [2]"));
            Assert.That(lines, Has.Some.Contains("the inputs are of different dtypes (float32, int32); convert one with Cast."));
            Assert.That(lines, Does.Contain("slope 12, curvature 12"));
            Assert.That(lines, Does.Contain("y = 3.00x + 2.00"));
            Assert.That(lines, Does.Contain("  Add = Add(Multiply:0, c:0) -> float32 [?]"));
        });
    }

    private static string[] Run(string script)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var start = new ProcessStartInfo("dotnet", ["run", "--configuration", configuration, Repository.RepositoryRoot.Combine("examples", "scripts", script)])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, output);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
