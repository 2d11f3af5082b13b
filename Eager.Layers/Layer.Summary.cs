namespace Eager.Layers;

public abstract partial class Layer
{
    /// <summary>Prints the layers right below it with their output shapes and numbers of weights, as a table in the form of Keras; where they form no simple chain, also what each is connected to.</summary>
    /// <param name="output">Where to print it; to the console when null.</param>
    /// <returns>The table.</returns>
    /// <exception cref="InvalidArgumentException">The shape of inputs is not known yet.</exception>
    public string Summary(TextWriter? output = null)
    {
        RequireShapes();
        string table = SummaryTable.Of(this, SummaryRows());
        (output ?? Console.Out).Write(table);
        return table;
    }

    /// <summary>The layers right below it in Graphviz's language, for <c>dot -Tsvg</c>, with arrows where it is known how they are connected.</summary>
    /// <param name="showShapes">Whether each says what shape it gives.</param>
    /// <exception cref="InvalidArgumentException">The shape of inputs is not known yet.</exception>
    public string ToDot(bool showShapes = true)
    {
        RequireShapes();
        return ModelDrawing.Of(this, SummaryRows(), showShapes);
    }

    /// <summary>The rows of its summary.</summary>
    private protected virtual IReadOnlyList<SummaryRow> SummaryRows()
    {
        NameChildren();
        Layer[] below = [.. Children().Select(static c => c.Child).OfType<Layer>().Distinct()];
        return [.. (below.Length == 0 ? [this] : below).Select(static layer => new SummaryRow(layer.Name, layer.GetType().Name, layer.ShapesAsBuilt(), layer, []))];
    }

    // None where it does not say.
    private IReadOnlyList<Shape> ShapesAsBuilt() => InputShapes is not null && Structure.Of(GetType()).TellsShapes ? ComputeOutputShapes(InputShapes) : [];

    private void RequireShapes()
    {
        if (InputShapes is null) throw new InvalidArgumentException($"{Title} does not know the shape of its inputs yet; give the first layer its inputShape, use Build, or call the model once.");
    }
}
