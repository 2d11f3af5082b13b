using Eager.Layers;
using Eager.Tests.OpTable;

namespace Eager.Tests.Layers;

/// <summary>What the table knows of one layer, all in float64: how it is made, an input, and what it should give, in plain C#.</summary>
/// <param name="Name">The layer and what is special about it.</param>
/// <param name="Make">Makes it, without an input shape.</param>
/// <param name="Input">An input; whole numbers have a dtype of their own.</param>
/// <param name="Weights">The paths and shapes of its weights, as in <c>kernel [3, 4]</c>.</param>
/// <param name="Expect">What it gives, from the input and the weights by their paths.</param>
internal sealed record LayerRow(string Name, Func<Layer> Make, NArray Input, string[] Weights, Func<NArray, IReadOnlyDictionary<string, NArray>, NArray> Expect)
{
    /// <summary>Whether it is called as in training.</summary>
    internal bool Training { get; init; }

    public override string ToString() => Name;

    /// <summary>A layer of this row, built, with weights that differ from each other and stay the same from run to run.</summary>
    internal Layer Build()
    {
        Layer layer = Make();
        layer.Build(Shape.Of([Dim.Unknown, .. Input.Sizes[1..].Select(static s => (Dim)s)]));
        int seed = 50;
        foreach (Parameter parameter in layer.Parameters)
        {
            int[] sizes = TensorData.SizesOf(parameter.Variable.ConcreteShape);
            // Variances are positive.
            NArray values = parameter.Path.Contains("Variance", StringComparison.Ordinal) ? Samples.Spread(seed, 0.5, 1.5, sizes) : Samples.Spread(seed, -0.7, 0.8, sizes);
            parameter.Variable.Assign(TensorData.Make(values, DType.Float64));
            seed++;
        }
        return layer;
    }

    internal Tensor MakeInput() => TensorData.Make(Input, DType.Float64);
}
