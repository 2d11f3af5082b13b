namespace Eager.Train;

/// <summary>What a loop over a model's data sees: batches of examples, labels and weights, anew for each epoch.</summary>
/// <param name="Epoch">Begins an epoch.</param>
/// <param name="Count">The number of batches, null where only running through them can tell.</param>
internal sealed record Batches(Func<IEnumerable<(Tensor X, Tensor Y, Tensor? Weights)>> Epoch, long? Count)
{
    internal static Batches Of(Dataset<(Tensor Features, Tensor Labels)> dataset) =>
        new(() => dataset.Select(static batch => (batch.Features, batch.Labels, (Tensor?)null)), dataset.Count);

    /// <summary>Some of the examples, from one up to another.</summary>
    internal static Batches Of(Tensor x, Tensor y, Tensor? weights, long from, long to, int size, bool shuffle)
    {
        Tensor examples = x.Narrow(0, from, to - from), labels = y.Narrow(0, from, to - from);
        // Weights find their examples by the number that each carries in the place of its label.
        Tensor second = weights is null ? labels : Tensor.Range(0, to - from, dtype: DType.Int64);
        Dataset<(Tensor Features, Tensor Labels)> dataset = Dataset.FromTensorSlices(examples, second);
        if (shuffle) dataset = dataset.Shuffle();
        dataset = dataset.Batch(size);
        if (weights is null) return Of(dataset);
        Tensor weightsOfThese = weights.Narrow(0, from, to - from);
        return new(() => dataset.Select(batch => Weighted(batch.Features, batch.Labels)), dataset.Count);

        (Tensor X, Tensor Y, Tensor? Weights) Weighted(Tensor features, Tensor numbers)
        {
            using (numbers) return (features, labels.Gather(numbers), weightsOfThese.Gather(numbers));
        }
    }
}
