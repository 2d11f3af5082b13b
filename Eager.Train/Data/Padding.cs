namespace Eager.Train;

/// <summary>Puts tensors of different sizes together.</summary>
internal static class Padding
{
    internal static T Stack<T>(IReadOnlyList<T> elements, Scalar fill) => Structure.Of<T>().Join(elements, tensors => Stack(tensors, fill));

    private static Tensor Stack(Tensor[] tensors, Scalar fill)
    {
        int rank = tensors[0].Rank;
        foreach (Tensor tensor in tensors)
            if (tensor.Rank != rank) throw new ShapeMismatchException($"Dataset.PaddedBatch: tensors of shapes {tensors[0].ConcreteShape} and {tensor.ConcreteShape} differ in rank; one batch needs one rank.");
        long[] largest = [.. Enumerable.Range(0, rank).Select(axis => tensors.Max(t => t.ConcreteShape[axis].Value))];
        using var scope = Temporaries.Begin();
        return scope.Keep(Tensor.Stack([.. tensors.Select(t => t.Pad([.. largest.Select((size, axis) => (0, (int)(size - t.ConcreteShape[axis].Value)))], fill))]));
    }
}
