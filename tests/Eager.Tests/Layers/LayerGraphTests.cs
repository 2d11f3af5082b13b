using Eager.Autograd;
using Eager.Layers;
using NUnit.Framework;

namespace Eager.Tests.Layers;

/// <summary>Every layer in a graph that is built by hand for any batch, with its gradients.</summary>
public sealed class LayerGraphTests
{
    private static IEnumerable<LayerRow> Rows => LayerTable.All;

    [TestCaseSource(nameof(Rows))]
    public void A_graph_for_any_batch_gives_what_the_layer_gives_and_its_gradients(object given)
    {
        var row = (LayerRow)given;
        Layer layer = row.Build();
        Tensor x = row.MakeInput();
        Variable[] weights = [.. layer.Parameters.Select(static p => p.Variable).Where(static v => v.Trainable)];
        Tensor[] asked = x.DType.IsFloatingPoint() ? [x, .. weights] : weights;

        // The graph first: it is not to change the running statistics that the layer then reads.
        var graph = new Graph(row.Name);
        Tensor input, y;
        Tensor?[] gradients = [];
        using (graph.AsDefault())
        {
            input = graph.Placeholder(x.ConcreteShape.With(0, Dim.Unknown), x.DType, "x");
            using var tape = new GradientTape();
            y = layer.Call(input, row.Training);
            if (asked.Length > 0) gradients = tape.Gradient(y.Square().Sum(), [.. asked.Select(a => a == x ? input : a)]);
        }
        Assert.That(y.Shape[0].IsUnknown);
        Tensor[] fetched = graph.Run(new[] { y }.Concat(gradients.OfType<Tensor>()).ToArray(), new() { [input] = x });

        using var eager = new GradientTape();
        eager.Watch(asked);
        Tensor expected = layer.Call(x, row.Training);
        Tensor?[] expectedGradients = asked.Length > 0 ? eager.Gradient(expected.Square().Sum(), asked) : [];
        Assert.That(gradients.Select(static g => g is null), Is.EqualTo(expectedGradients.Select(static g => g is null)));
        Assert.That(fetched[0].ToArray<double>(), Is.EqualTo(expected.ToArray<double>()), "the same operations give the same bits");
        Assert.That(fetched.Skip(1).Select(static g => g.ToArray<double>()), Is.EqualTo(expectedGradients.OfType<Tensor>().Select(static g => g.ToArray<double>())));
    }
}
