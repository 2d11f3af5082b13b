using System.Text;

namespace Eager.Train;

/// <summary>How far an estimator has come in its training data, so that a resumed training goes on with the next batch.</summary>
/// <remarks>Only a <see cref="Dataset{T}"/> has a place; other sequences begin anew with each training.</remarks>
internal sealed class InputPlace : ICheckpointable
{
    private DatasetPosition position;
    private Func<DatasetPosition>? current;
    private string dataset = "";

    /// <summary>The batches from the place on; all of them where the input is another one than before or stands at its end.</summary>
    /// <param name="input">What an input function gave.</param>
    /// <param name="drawSeed">Gives the seed of the order of a dataset that begins.</param>
    public IEnumerable<T> Continue<T>(IEnumerable<T> input, Func<long> drawSeed)
    {
        if (input is not Dataset<T> batches)
        {
            (dataset, position) = ("", default);
            return input;
        }
        string description = batches.ToString()!;
        bool goesOn = description == dataset;
        DatasetIterator<T> iterator = batches.GetIterator(goesOn ? position.Seed : drawSeed());
        if (goesOn) iterator.Position = position;
        dataset = description;
        current = () => iterator.Position;
        return iterator.Position.Index == 0 ? iterator : RestOrNext(iterator);
    }

    /// <summary>Notes the place; what is asked for later begins there.</summary>
    public void Stop()
    {
        position = Position;
        current = null;
    }

    /// <inheritdoc/>
    public IEnumerable<StateEntry> GetState() =>
    [
        StateEntry.Int64s("position", () => [Position.Epoch, Position.Index, Position.Seed], values => position = new(values[0], values[1], values[2]), Shape.FromSizes(3),
            static values => values[0] < 0 || values[1] < 0 ? $"epoch {values[0]}, element {values[1]} is no place" : null),
        StateEntry.Bytes("dataset", () => Encoding.UTF8.GetBytes(dataset), bytes => dataset = Encoding.UTF8.GetString(bytes)),
    ];

    private DatasetPosition Position => current?.Invoke() ?? position;

    // Training may have stopped on the last batch of an epoch, of which then nothing is left.
    private static IEnumerable<T> RestOrNext<T>(DatasetIterator<T> iterator)
    {
        bool any = false;
        foreach (T element in iterator)
        {
            any = true;
            yield return element;
        }
        if (any) yield break;
        foreach (T element in iterator) yield return element;
    }
}
