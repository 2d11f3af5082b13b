using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Eager.Tests.Repository;

/// <summary>That no operator is bound for nothing: each costs an exported function and the time to compile it.</summary>
public partial class ManifestTests
{
    [Test]
    public void Every_operator_of_the_manifest_is_called()
    {
        string generated = File.ReadAllText(RepositoryRoot.Combine("Eager.Tensors", "Interop", "Aten.g.cs"));
        string[] bound = [.. Method().Matches(generated).Select(static m => m.Groups["name"].Value)];
        HashSet<string> called = [.. from file in RepositoryRoot.SourceFiles()
                                  where file.StartsWith("Eager.", StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal) && !file.EndsWith(".g.cs", StringComparison.Ordinal)
                                  from call in Call().Matches(File.ReadAllText(RepositoryRoot.Combine(file)))
                                  select call.Groups["name"].Value];

        Assert.That(bound, Has.Length.GreaterThan(200), "the search finds the methods");
        Assert.That(bound.Where(name => !called.Contains(name)), Is.Empty, "remove them from Eager.Tensors/Interop/manifest.txt and run './eager generate'");
    }

    [GeneratedRegex(@"^    internal static \S+ (?<name>\w+)\(", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Method();

    [GeneratedRegex(@"\bAten\.(?<name>\w+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Call();
}
