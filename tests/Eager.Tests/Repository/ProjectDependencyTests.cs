using System.Xml.Linq;
using NUnit.Framework;

namespace Eager.Tests.Repository;

/// <summary>The libraries form layers; each may reference only those named here.</summary>
public class ProjectDependencyTests
{
    [TestCase("Eager.Tensors", "")]
    [TestCase("Eager.Autograd", "Eager.Tensors")]
    [TestCase("Eager.Layers", "Eager.Autograd")]
    [TestCase("Eager.Losses", "Eager.Autograd")]
    [TestCase("Eager.Train", "Eager.Layers, Eager.Losses")]
    public void A_library_references_the_layer_below_it_alone(string library, string allowed)
    {
        var references = XDocument.Load(RepositoryRoot.Combine(library, $"{library}.csproj"))
            .Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')))
            .Order(StringComparer.Ordinal);

        Assert.That(string.Join(", ", references), Is.EqualTo(allowed));
    }

    [Test]
    public void Every_library_at_the_root_has_its_place_among_the_layers()
    {
        var placed = GetType().GetMethod(nameof(A_library_references_the_layer_below_it_alone))!
            .GetCustomAttributes(typeof(TestCaseAttribute), inherit: false).Select(test => (string)((TestCaseAttribute)test).Arguments[0]!);
        var atRoot = Directory.GetDirectories(RepositoryRoot.Path, "Eager.*").Select(folder => Path.GetFileName(folder));

        Assert.That(atRoot, Is.EquivalentTo(placed));
    }
}
