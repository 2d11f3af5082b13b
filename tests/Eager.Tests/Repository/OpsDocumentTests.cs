using NUnit.Framework;

namespace Eager.Tests.Repository;

public class OpsDocumentTests
{
    [Test]
    public void It_says_what_an_operation_takes_and_does()
    {
        string[] lines = OpsDocument.Write().Split('\n');

        Assert.Multiple(() =>
        {
            Assert.That(lines, Has.Some.Match(@"^\| MatMul \| 2 \| .* \| yes \|  \|$"));
            Assert.That(lines, Has.Some.Match(@"^\| Transpose \| 1 \| .* \| yes \| view \|$"));
            Assert.That(lines, Has.Some.Match(@"^\| Floor \| 1 \| .* \| none: .* \|  \|$"));
            Assert.That(lines, Has.Some.Match(@"^\| Gather \| 2 \| .* \| 1 \|  \|$"));
            Assert.That(lines, Does.Contain("[Eager.Train/Optimizers/Adam.cs](../Eager.Train/Optimizers/Adam.cs)"));
        });
    }
}
