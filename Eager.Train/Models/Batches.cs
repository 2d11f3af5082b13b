namespace Eager.Train;

/// <summary>What a step of a model sees: the inputs and the labels of some examples, and for each output perhaps weights.</summary>
/// <param name="Inputs">A tensor for each input.</param>
/// <param name="Labels">A tensor for each output; none where nothing is compared.</param>
/// <param name="Weights">For each output weights, or null; null where none has any.</param>
internal sealed record Batch(Tensor[] Inputs, Tensor[] Labels, Tensor?[]? Weights) : IDisposable
{
    internal Tensor? WeightsOf(int output) => Weights?[output];

    /// <summary>The batch with another tensor for each of its own.</summary>
    internal Batch Change(Converter<Tensor, Tensor> change) =>
        new(Array.ConvertAll(Inputs, change), Array.ConvertAll(Labels, change), Weights is null ? null : Array.ConvertAll(Weights, weights => weights is null ? null : change(weights)));

    public void Dispose()
    {
        foreach (Tensor tensor in Inputs.Concat(Labels)) tensor.Dispose();
        foreach (Tensor? tensor in Weights ?? []) tensor?.Dispose();
    }
}

/// <summary>What a loop over a model's data sees: batches of examples, labels and weights, anew for each epoch.</summary>
/// <param name="Epoch">Begins an epoch.</param>
/// <param name="Count">The number of batches, null where only running through them can tell.</param>
/// <param name="IsEndless">Whether an epoch has no end.</param>
internal sealed record Batches(Func<IEnumerable<Batch>> Epoch, long? Count, bool IsEndless)
{
    internal static Batches Of(Dataset<(Tensor Features, Tensor Labels)> dataset) => new(() => dataset.Select(static batch => new Batch([batch.Features], [batch.Labels], null)), dataset.Count, dataset.IsEndless);

    internal static Batches Of(Dataset<(Tensor Features, Tensor Labels, Tensor Weights)> dataset) => new(() => dataset.Select(static batch => new Batch([batch.Features], [batch.Labels], [batch.Weights])), dataset.Count, dataset.IsEndless);

    /// <summary>Batches whose elements are the inputs, then a label tensor for each output, then perhaps weights for each.</summary>
    internal static Batches Of(Dataset<Tensor[]> dataset, int outputs, bool isWeighted, string caller) => new(() => dataset.Select(parts => Parted(parts, outputs, isWeighted, caller)), dataset.Count, dataset.IsEndless);

    /// <summary>Some of the examples, from one up to another.</summary>
    internal static Batches Of(IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> y, Tensor?[]? weights, long from, long to, int size, bool shuffle)
    {
        Dataset<Tensor[]> dataset = Dataset.Slices<Tensor[]>([.. x.Concat(y).Concat((weights ?? []).OfType<Tensor>()).Select(tensor => tensor.Narrow(0, from, to - from))]);
        if (shuffle) dataset = dataset.Shuffle();
        dataset = dataset.Batch(size);
        return new(() => dataset.Select(parts => new Batch(parts[..x.Count], parts[x.Count..(x.Count + y.Count)], Weighted(parts[(x.Count + y.Count)..]))), dataset.Count, dataset.IsEndless);

        Tensor?[]? Weighted(IEnumerable<Tensor> given)
        {
            var rest = new Queue<Tensor>(given);
            return weights is null ? null : Array.ConvertAll(weights, ofOutput => ofOutput is null ? null : rest.Dequeue());
        }
    }

    /// <summary>The same batches on a GPU, to which each is copied while the GPU works on the one before; as they are for another device.</summary>
    internal Batches SentAhead(Device? device)
    {
        if (device is not { Type: DeviceType.Cuda } gpu) return this;
        return this with { Epoch = () => Sequences.Ahead(Epoch(), new Uploads<Batch>(gpu, Sent)) };

        // The loop disposes the batches that it is given: these take the place of those that it would have been given.
        static Batch Sent(Batch batch, Func<Tensor, Tensor> send) => batch.Change(part =>
        {
            Tensor sent = send(part);
            if (!ReferenceEquals(sent, part)) part.Dispose();
            return sent;
        });
    }

    /// <summary>No more than some of the batches of each epoch.</summary>
    internal Batches Take(int? steps) => steps is not { } most ? this : new(() => Epoch().Take(most), Count is { } count ? Math.Min(count, most) : IsEndless ? most : null, IsEndless: false);

    /// <summary>Refuses to run through what has no end.</summary>
    /// <param name="caller">Who would.</param>
    /// <param name="steps">The argument that says how many batches to take.</param>
    internal Batches RequireEnd(string caller, string steps) => !IsEndless ? this : throw NoEnd(caller, steps);

    /// <summary>The refusal to run through what has no end.</summary>
    internal static InvalidArgumentException NoEnd(string caller, string steps) =>
        new($"{caller}: the batches have no end, as Repeat without a count makes them; give {steps}, or take some of them with Take.");

    /// <summary>Epochs of a number of batches, each of which goes on where the one before ended.</summary>
    internal Batches Spread(int? steps, string caller)
    {
        if (steps is not { } perEpoch) return this;
        IEnumerator<Batch>? source = null;
        return new(Next, perEpoch, IsEndless: false);

        IEnumerable<Batch> Next()
        {
            for (int i = 0; i < perEpoch; i++)
            {
                source ??= Epoch().GetEnumerator();
                if (!source.MoveNext())
                {
                    source.Dispose();
                    source = Epoch().GetEnumerator();
                    if (!source.MoveNext()) throw new InvalidArgumentException($"{caller}: there is no batch to train on.");
                }
                yield return source.Current;
            }
        }
    }

    private static Batch Parted(Tensor[] parts, int outputs, bool isWeighted, string caller)
    {
        int inputs = parts.Length - (isWeighted ? 2 : 1) * outputs;
        if (inputs < 1) throw new InvalidArgumentException($"{caller}: an element of the dataset has {parts.Length} tensors; it needs the inputs, then labels{(isWeighted ? " and then weights" : "")} for {outputs} outputs.");
        return new(parts[..inputs], parts[inputs..(inputs + outputs)], isWeighted ? parts[(inputs + outputs)..] : null);
    }
}
