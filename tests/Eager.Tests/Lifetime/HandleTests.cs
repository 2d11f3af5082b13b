using System.Text.RegularExpressions;
using Eager.Tests.Repository;
using NUnit.Framework;

namespace Eager.Tests.Lifetime;

public partial class HandleTests
{
    // Leave is also what keeps the wrapper from being collected during the call, which no other test would be sure to notice.
    [Test]
    public void Every_handle_that_is_entered_is_left()
    {
        var calls = RepositoryRoot.SourceFiles()
            .Where(static file => file.StartsWith("Eager.", StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal) && !file.EndsWith("Eager.Tensors/Tensor.cs", StringComparison.Ordinal))
            .Select(static file => (file, text: File.ReadAllText(RepositoryRoot.Combine(file))))
            .Select(static f => (f.file, entered: Entered().Count(f.text), left: Left().Count(f.text))).ToList();

        Assert.That(calls.Where(static c => c.entered != c.left), Is.Empty);
        Assert.That(calls.Sum(static c => c.entered), Is.GreaterThan(100), "the search finds the calls");
    }

    [GeneratedRegex(@"\bEnter(All)?\(", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Entered();

    [GeneratedRegex(@"\bLeave(All)?\(", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Left();
}
