using System.Text;
using Eager.Tests.Repository;
using NUnit.Framework;

namespace Eager.Tests.Examples;

/// <summary>The guides: the C# of each is one program, which must print what stands under its parts.</summary>
public sealed class GuideTests
{
    private const string Mark = "@@ ";

    [Test]
    public void Every_guide_runs_and_prints_what_it_says()
    {
        string[] guides = [.. Directory.GetFiles(RepositoryRoot.Combine("docs"), "*.md").Where(static file => File.ReadLines(file).Contains("```text")).Order(StringComparer.Ordinal)];
        var program = new StringBuilder(FragmentProgram.Head);
        foreach (string guide in guides)
        {
            program.Append($"Console.WriteLine(\"{Mark}{Path.GetFileName(guide)}\");\nTry(\"{Path.GetFileName(guide)}\", () =>\n{{\n");
            foreach ((int line, string code) in Blocks(guide, "```csharp")) program.Append($"#line {line} \"{guide}\"\n{code}\n#line default\n");
            program.Append("});\n");
        }

        (int exitCode, string output) = FragmentProgram.Run("guides.cs", program.ToString());

        Assert.That(exitCode, Is.Zero, output);
        Assert.That(guides, Has.Length.GreaterThan(3), "the search finds them");
        foreach (string guide in guides)
        {
            string expected = string.Concat(Blocks(guide, "```text").Select(static block => block.Code + "\n"));
            string printed = output.Split(Mark).Single(part => part.StartsWith(Path.GetFileName(guide)))[(Path.GetFileName(guide).Length + 1)..];
            Assert.That(printed, Is.EqualTo(expected), guide);
        }
    }

    /// <summary>The blocks of a kind, with the line at which each begins.</summary>
    private static List<(int Line, string Code)> Blocks(string file, string fence)
    {
        string[] lines = File.ReadAllLines(file);
        var blocks = new List<(int Line, string Code)>();
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i] != fence) continue;
            int end = Array.IndexOf(lines, "```", i + 1);
            blocks.Add((i + 2, string.Join('\n', lines[(i + 1)..end])));
            i = end;
        }
        return blocks;
    }
}
