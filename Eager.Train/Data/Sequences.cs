using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Eager.Train;

/// <summary>A function that a dataset was given failed on an element.</summary>
/// <param name="index">The element's place in its epoch, before the stage that failed.</param>
/// <param name="inner">Why.</param>
public sealed class DatasetException(long index, Exception inner) : EagerException($"Dataset: element {index} failed: {inner.Message}", inner)
{
    /// <summary>The element's place in its epoch, before the stage that failed, from 0.</summary>
    public long Index => index;
}

/// <summary>What stages do with the elements that pass through them.</summary>
internal static class Sequences
{
    internal static IEnumerable<T> Skip<T>(IEnumerable<T> elements, long count)
    {
        foreach (T element in elements)
        {
            if (count-- > 0) continue;
            yield return element;
        }
    }

    // Unlike LINQ's it does not ask for an element more than it gives.
    internal static IEnumerable<T> Take<T>(IEnumerable<T> elements, long count)
    {
        if (count <= 0) yield break;
        foreach (T element in elements)
        {
            yield return element;
            if (--count == 0) yield break;
        }
    }

    internal static IEnumerable<T> Later<T>(Func<IEnumerable<T>> elements)
    {
        foreach (T element in elements()) yield return element;
    }

    internal static IEnumerable<T> Shuffle<T>(IEnumerable<T> elements, int bufferSize, SplitMix64 random)
    {
        var waiting = new List<T>();
        foreach (T element in elements)
        {
            if (waiting.Count < bufferSize)
            {
                waiting.Add(element);
                continue;
            }
            int place = (int)random.Below((ulong)waiting.Count);
            yield return waiting[place];
            waiting[place] = element;
        }
        while (waiting.Count > 0)
        {
            int place = (int)random.Below((ulong)waiting.Count);
            yield return waiting[place];
            waiting[place] = waiting[^1];
            waiting.RemoveAt(waiting.Count - 1);
        }
    }

    internal static IEnumerable<T> Repeat<T>(Func<long, Pass<T>> round, long count, long? perRound, long start)
    {
        // Whole rounds need not be run through where their length is known.
        bool known = perRound > 0;
        long first = known ? start / perRound!.Value : 0, skip = known ? start % perRound!.Value : start;
        for (long i = first; i < count; i++)
        {
            bool any = false;
            foreach (T element in round(i).From(known ? skip : 0))
            {
                any = true;
                if (!known && skip-- > 0) continue;
                yield return element;
            }
            // Rounds without an element would go on for ever, also where a count promised some.
            if (!any && !(known && skip > 0)) yield break;
            if (known) skip = 0;
        }
    }

    internal static IEnumerable<TResult> Map<T, TResult>(IEnumerable<T> elements, Func<T, long, TResult> function, long start, int parallelism)
    {
        return parallelism == 1 ? InTurn() : AtOnce();

        IEnumerable<TResult> InTurn()
        {
            long index = start;
            foreach (T element in elements) yield return Call(element, index++);
        }

        IEnumerable<TResult> AtOnce()
        {
            var running = new Queue<Task<TResult>>();
            using var left = new CancellationTokenSource();
            long index = start;
            using IEnumerator<T> source = elements.GetEnumerator();
            Exception? failed = null;
            try
            {
                while (true)
                {
                    while (failed is null && running.Count < parallelism)
                    {
                        // What the source throws comes after the elements before it.
                        try
                        {
                            if (!source.MoveNext()) break;
                        }
                        catch (Exception e)
                        {
                            failed = e;
                            break;
                        }
                        (T element, long place) = (source.Current, index++);
                        running.Enqueue(Task.Run(() => Call(element, place), left.Token));
                    }
                    if (running.TryDequeue(out Task<TResult>? head)) yield return head.GetAwaiter().GetResult();
                    else if (failed is not null) ExceptionDispatchInfo.Throw(failed);
                    else yield break;
                }
            }
            finally
            {
                // A loop that is left early leaves no work behind; what those elements throw is not asked for any more.
                left.Cancel();
                foreach (Task task in running) task.ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
            }
        }

        TResult Call(T element, long index)
        {
            try
            {
                return function(element, index);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw new DatasetException(index, e);
            }
        }
    }

    internal static IEnumerable<T> Interleave<T>(IEnumerable<IEnumerable<T>> sequences, int cycleLength, int blockLength)
    {
        using IEnumerator<IEnumerable<T>> source = sequences.GetEnumerator();
        var cycle = new IEnumerator<T>?[cycleLength];
        int open = 0;
        bool more = true;
        try
        {
            // As in TensorFlow, a sequence that ends gives up its turn, and the next one starts when the turn comes round.
            for (int turn = 0; ; turn = (turn + 1) % cycleLength)
            {
                if (cycle[turn] is null)
                {
                    if (more && (more = source.MoveNext()))
                    {
                        cycle[turn] = source.Current.GetEnumerator();
                        open++;
                    }
                    else if (open == 0) yield break;
                    else continue;
                }
                bool ended = false;
                for (int i = 0; i < blockLength && !(ended = !cycle[turn]!.MoveNext()); i++) yield return cycle[turn]!.Current;
                if (!ended) continue;
                cycle[turn]!.Dispose();
                cycle[turn] = null;
                open--;
            }
        }
        finally
        {
            foreach (IEnumerator<T>? left in cycle) left?.Dispose();
        }
    }

    /// <summary>Elements on a device, to which the next one is on its way while one is used. All is read on the caller's thread, so that what it draws from stays its own.</summary>
    internal static IEnumerable<T> Ahead<T>(IEnumerable<T> elements, Uploads<T> uploads)
    {
        using IEnumerator<T> source = elements.GetEnumerator();
        if (!source.MoveNext()) yield break;
        Uploads<T>.Sent next = uploads.Send(source.Current);
        while (true)
        {
            Uploads<T>.Sent now = next;
            Exception? failed = null;
            bool more = false;
            // What the source throws comes after the element before it.
            try
            {
                more = source.MoveNext();
                if (more) next = uploads.Send(source.Current);
            }
            catch (Exception e)
            {
                failed = e;
            }
            yield return uploads.Receive(now);
            if (failed is not null) ExceptionDispatchInfo.Throw(failed);
            if (!more) yield break;
        }
    }

    internal static IEnumerable<T> Prefetch<T>(Func<IEnumerable<T>> elements, int count)
    {
        using var waiting = new BlockingCollection<T>(count);
        using var left = new CancellationTokenSource();
        Exception? failed = null;
        var reader = new Thread(() =>
        {
            try
            {
                foreach (T element in elements()) waiting.Add(element, left.Token);
            }
            catch (OperationCanceledException) when (left.IsCancellationRequested)
            {
                // The loop over the elements was left early.
            }
            catch (Exception e)
            {
                failed = e;
            }
            finally
            {
                waiting.CompleteAdding();
            }
        })
        { IsBackground = true, Name = "Eager.Prefetch" };
        reader.Start();
        try
        {
            foreach (T element in waiting.GetConsumingEnumerable()) yield return element;
            if (failed is not null) ExceptionDispatchInfo.Throw(failed);
        }
        finally
        {
            left.Cancel();
            reader.Join();
        }
    }
}
