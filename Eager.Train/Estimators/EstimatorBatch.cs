namespace Eager.Train;

/// <summary>What an estimator has to know of batches, which are tensors or dictionaries of them.</summary>
internal static class EstimatorBatch
{
    /// <summary>How many examples a batch has, by its first tensor; 1 where there is none or it has no axis.</summary>
    internal static long Size(object batch) => TensorsOf(batch).FirstOrDefault() is { Rank: > 0 } first ? first.ConcreteShape[0].Value : 1;

    /// <summary>A batch with its tensors on a device.</summary>
    internal static T To<T>(T batch, Device device) where T : class => batch switch
    {
        Tensor tensor when tensor.Device != device => (T)(object)tensor.Send(device),
        IReadOnlyDictionary<string, Tensor> named when named.Values.Any(tensor => tensor.Device != device) && typeof(T).IsAssignableFrom(typeof(Dictionary<string, Tensor>)) =>
            (T)(object)named.ToDictionary(static pair => pair.Key, pair => pair.Value.Device == device ? pair.Value : pair.Value.Send(device), StringComparer.Ordinal),
        _ => batch,
    };

    /// <summary>The number of examples that all predictions have.</summary>
    /// <exception cref="InvalidArgumentException">They differ, or one has no axis of examples.</exception>
    internal static long SharedSize(IReadOnlyDictionary<string, Tensor> predictions)
    {
        if (predictions.Values.All(static p => p.Rank > 0) && predictions.Values.Select(static p => p.ConcreteShape[0].Value).Distinct().Count() == 1) return Size(predictions);
        throw new InvalidArgumentException($"Predict: the predictions {string.Join(", ", predictions.Select(static p => $"'{p.Key}' {p.Value.ConcreteShape}"))} have no first axis of one size that is the batch; ask for whole batches with singleExamples: false.");
    }

    /// <summary>One example's predictions.</summary>
    internal static IReadOnlyDictionary<string, Tensor> Example(IReadOnlyDictionary<string, Tensor> predictions, long index) =>
        predictions.ToDictionary(static p => p.Key, p =>
        {
            using var scope = Temporaries.Begin();
            return scope.Keep(p.Value.Narrow(0, index, 1).Squeeze(0).Clone());
        }, StringComparer.Ordinal);

    private static IEnumerable<Tensor> TensorsOf(object batch) => batch switch
    {
        Tensor tensor => [tensor],
        IEnumerable<KeyValuePair<string, Tensor>> named => named.Select(static pair => pair.Value),
        _ => [],
    };
}
