extern alias generator;

using generator::Eager.Generator;
using NUnit.Framework;

namespace Eager.Tests.Repository;

public class GeneratedBindingTests
{
    [Test]
    public void The_bindings_are_what_the_generator_makes_of_the_manifest()
    {
        var generated = Bindings.Generate(RepositoryRoot.Path).ToDictionary(file => file.Path, file => file.Text);

        var checkedIn = RepositoryRoot.SourceFiles().Where(file => file.EndsWith(".g.cs", StringComparison.Ordinal) || file.EndsWith(".g.cpp", StringComparison.Ordinal));
        Assert.That(generated.Keys, Is.EquivalentTo(checkedIn));
        var stale = generated.Where(file => File.ReadAllText(RepositoryRoot.Combine(file.Key)) != file.Value).Select(file => file.Key);
        Assert.That(stale, Is.Empty, "run './eager generate' and commit what it wrote");
    }
}
