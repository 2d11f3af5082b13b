using Eager.Autograd;
using Eager.Layers;
using Eager.Tests.Formats;
using Eager.Tests.OpTable;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Layers;

/// <summary>The checks that every row of the table of layers passes.</summary>
[Parallelizable(ParallelScope.All)]
public class LayerTableTests
{
    private static IEnumerable<LayerRow> Rows => LayerTable.All;

    private static IEnumerable<LayerRow> RowsWithWeights => Rows.Where(static r => r.Weights.Length > 0);

    [TestCaseSource(nameof(Rows))]
    public void A_layer_gives_what_its_formula_says(object given)
    {
        var row = (LayerRow)given;
        using var scope = new TensorScope();
        Layer layer = row.Build();
        Dictionary<string, NArray> weights = layer.Parameters.ToDictionary(static p => p.Path, static p => TensorData.ReadArray(p.Variable));

        Tensor y = layer.Call(row.MakeInput(), row.Training);

        NArray expected = row.Expect(row.Input, weights);
        Assert.That(TensorData.SizesOf(y.ConcreteShape), Is.EqualTo(expected.Sizes));
        // A few hundred products of numbers below 1 at the most, in float64 on both sides.
        Assert.That(TensorData.Read(y), Is.EqualTo(expected.Values).Within(1e-12));
    }

    [TestCaseSource(nameof(Rows))]
    public void A_layer_has_the_weights_that_it_says_and_tells_the_shape_that_it_gives(object given)
    {
        var row = (LayerRow)given;
        using var scope = new TensorScope();
        Layer layer = row.Build();
        Tensor x = row.MakeInput(), y = layer.Call(x, row.Training);

        Assert.That(layer.Parameters.Select(static p => $"{p.Path} {p.Variable.ConcreteShape}"), Is.EqualTo(row.Weights));
        Assert.That(layer.ComputeOutputShape(x.Shape), Is.EqualTo(y.Shape));
        Shape anyBatch = layer.ComputeOutputShape(x.Shape.With(0, Dim.Unknown));
        Assert.That(anyBatch[0].IsUnknown, Is.True);
        Assert.That(anyBatch[1..], Is.EqualTo(y.Shape[1..]));
        // At the first call it builds itself for the shape at hand.
        Layer late = row.Make();
        late.Call(x, row.Training);
        Assert.That(late.Parameters.Select(static p => $"{p.Path} {p.Variable.ConcreteShape}"), Is.EqualTo(row.Weights));
    }

    [TestCaseSource(nameof(Rows))]
    public void Gradients_of_the_input_agree_with_differences(object given)
    {
        var row = (LayerRow)given;
        if (row.Input.DType is not null) return;  // whole numbers
        Layer layer = row.Build();

        // Some layers give their input itself; the product makes it something that was computed.
        GradientCheck.Require(x => layer.Call(x, row.Training) * 1, row.MakeInput());
        GradientCheck.Require(x => layer.Call(x, row.Training) * 1, row.MakeInput(), order: 2);
    }

    [TestCaseSource(nameof(RowsWithWeights))]
    public void Gradients_of_the_weights_agree_with_differences(object given)
    {
        var row = (LayerRow)given;
        using var scope = new TensorScope();
        Layer layer = row.Build();
        Tensor x = row.MakeInput();
        Tensor factors = TensorData.Make(Samples.Spread(90, 0.5, 1.5, TensorData.SizesOf(layer.Call(x, row.Training).ConcreteShape)), DType.Float64);
        Tensor Loss() => (layer.Call(x, row.Training) * factors).Sum();
        IReadOnlyList<Variable> variables = layer.TrainableVariables;
        using var tape = new GradientTape();
        Tensor?[] gradients = tape.Gradient(Loss(), variables);

        for (int i = 0; i < variables.Count; i++)
        {
            Variable variable = variables[i];
            using Tensor start = variable.Clone();
            Tensor direction = TensorData.Make(Samples.Spread(91 + i, -1, 1, TensorData.SizesOf(variable.ConcreteShape)), DType.Float64);
            const double h = 1e-5;  // truncation h² and rounding ε/h are both near 1e-10
            variable.Assign(start + direction * h);
            double above = Loss().Item();
            variable.Assign(start - direction * h);
            double below = Loss().Item();
            variable.Assign(start);
            double slope = (gradients[i]! * direction).Sum().Item();
            // Sums of some hundred terms, each wrong by the order of 1e-10.
            Assert.That(slope, Is.EqualTo((above - below) / (2 * h)).Within(1e-6 * Math.Max(1, Math.Abs(slope))), variable.Name);
        }
    }

    [TestCaseSource(nameof(RowsWithWeights))]
    public void A_restored_layer_gives_what_the_saved_one_gave(object given)
    {
        var row = (LayerRow)given;
        using var scope = new TensorScope();
        using var folder = new TempFolder();
        Layer saved = row.Build(), restored = row.Make();
        Tensor x = row.MakeInput();
        restored.Call(x, row.Training);
        string path = Path.Combine(folder.Path, "layer.safetensors");

        new Checkpoint().Add("layer", saved).Save(path, step: 1);
        new Checkpoint().Add("layer", restored).Restore(path);

        Assert.That(TensorData.Read(restored.Call(x)), Is.EqualTo(TensorData.Read(saved.Call(x))));
    }

    [TestCaseSource(nameof(Rows))]
    public void A_call_leaves_no_tensor_behind_but_its_output(object given)
    {
        var row = (LayerRow)given;
        Layer layer = row.Build();
        Tensor x = row.MakeInput();
        using var count = new WrapperCount();

        Tensor y = layer.Call(x, row.Training);

        Assert.That(count.Beside(x, y), Is.Zero);
    }

    [Test]
    public void Every_layer_of_the_library_has_a_row()
    {
        var covered = Rows.Select(static r => r.Make().GetType()).ToHashSet();
        Type[] layers = [.. typeof(Layer).Assembly.GetTypes().Where(static t => t.IsAssignableTo(typeof(Layer)) && t is { IsAbstract: false, IsPublic: true })];

        // Cells run inside of their layers, Recurrent is what those derive from; models and what merges several inputs have tests of their own.
        Type[] elsewhere = [typeof(Sequential), typeof(Model), typeof(Add), typeof(Subtract), typeof(Multiply), typeof(Average), typeof(Maximum), typeof(Minimum), typeof(Concatenate), typeof(Dot), typeof(Lambda), typeof(Recurrent), typeof(SimpleRnnCell), typeof(GruCell), typeof(LstmCell)];
        Assert.That(layers.Where(t => !covered.Contains(t) && !elsewhere.Contains(t)), Is.Empty);
        Assert.That(layers, Has.Length.GreaterThan(40));
    }
}
