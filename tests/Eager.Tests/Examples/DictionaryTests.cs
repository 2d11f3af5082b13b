using System.Text;
using System.Text.RegularExpressions;
using Eager.Tests.Repository;
using NUnit.Framework;

namespace Eager.Tests.Examples;

/// <summary>The dictionaries for newcomers: every fragment of ours is compiled and run, so that a row that no longer holds fails.</summary>
public sealed partial class DictionaryTests
{
    private const int FewestRows = 40;

    private static readonly string[] Documents = ["from-numpy.md", "from-tensorflow-1.md", "from-pytorch.md"];

    [Test]
    public void Every_fragment_of_the_dictionaries_compiles_and_runs()
    {
        var program = new StringBuilder(FragmentProgram.Head);
        int rows = 0;
        foreach (string document in Documents)
        {
            Dictionary<int, string> fragments = Fragments(document, out string setting);
            Assert.That(fragments, Has.Count.GreaterThan(FewestRows), $"{document}: the search finds the rows");
            foreach ((int line, string fragment) in fragments) program.Append(Row(document, line, setting, fragment));
            rows += fragments.Count;
        }

        (int exitCode, string output) = FragmentProgram.Run("fragments.cs", program.ToString());

        Assert.That(exitCode, Is.Zero, output);
        TestContext.Out.WriteLine($"{rows} fragments ran.");
    }

    [TestCase("tensorflow-1-names.txt", "from-tensorflow-1.md", Description = "every name of TensorFlow 1 that the design documents use")]
    [TestCase("numpy-names.txt", "from-numpy.md", Description = "what NumPy programs use most")]
    [TestCase("pytorch-names.txt", "from-pytorch.md", Description = "what PyTorch programs use most")]
    public void Every_name_of_the_list_stands_in_a_left_column(string list, string document)
    {
        string[] names = File.ReadAllLines(RepositoryRoot.Combine("tests", "Eager.Tests", "Examples", list));
        string left = string.Join('\n', File.ReadLines(RepositoryRoot.Combine("docs", document)).Where(static line => line.StartsWith("| `")).Select(LeftOf));

        string[] missing = [.. names.Where(name => !Regex.IsMatch(left, $@"(?<!\w){Regex.Escape(name)}(?!\w)", RegexOptions.None, TimeSpan.FromSeconds(1)))];

        Assert.That(names, Has.Length.GreaterThan(FewestRows));
        Assert.That(missing, Is.Empty);
    }

    [Test]
    public void A_fragment_that_does_not_hold_is_found_with_its_line()
    {
        string row = Row("some.md", 7, "int a = 1;", "a + 1");

        Assert.That(row, Does.Contain("#line 7 \"").And.Contain("Use(a + 1);").And.Contain("Try(\"some.md:7\""));
    }

    private static string LeftOf(string row) => row[..Math.Max(row.LastIndexOf(" | `", StringComparison.Ordinal), row.LastIndexOf("` | ", StringComparison.Ordinal) + 1)];

    /// <summary>The code of the last column by line, and the code block before the first table.</summary>
    private static Dictionary<int, string> Fragments(string document, out string setting)
    {
        string[] lines = File.ReadAllLines(RepositoryRoot.Combine("docs", document));
        int begin = Array.IndexOf(lines, "```csharp"), end = Array.IndexOf(lines, "```", begin);
        setting = string.Join(' ', lines[(begin + 1)..end]);
        var fragments = new Dictionary<int, string>();
        for (int i = end; i < lines.Length; i++)
        {
            Match row = LastCell().Match(lines[i]);
            if (row.Success) fragments.Add(i + 1, row.Groups["code"].Value.Replace("\\|", "|"));
            else Assert.That(!lines[i].StartsWith("| `") || !lines[i].Contains("Tensor."), $"{document}:{i + 1} has no code in its last column");
        }
        return fragments;
    }

    // An expression is used, statements stand for themselves. Rows see nothing of each other.
    private static string Row(string document, int line, string setting, string fragment)
    {
        string body = fragment.EndsWith(';') || (fragment.EndsWith('}') && !fragment.StartsWith("new ", StringComparison.Ordinal)) ? fragment : $"Use({fragment});";
        return $"Try(\"{document}:{line}\", () =>\n{{\n#line {line} \"{RepositoryRoot.Combine("docs", document)}\"\n{setting} {body}\n#line default\n}});\n";
    }

    [GeneratedRegex(@"^\|.*\| `(?<code>(?:[^`])+)`(?: \([^`]*\))? \|$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LastCell();
}
