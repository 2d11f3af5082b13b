using System.Runtime.CompilerServices;
using static Eager.TensorIndex;

namespace Eager;

public partial class Tensor
{
    /// <summary>A part of the tensor: <c>x[0]</c>, <c>x[^1]</c>, <c>x[1..3, ..]</c>, <c>x[x &gt; 0]</c>, <c>x[indices]</c>.</summary>
    /// <param name="entries">One entry per axis from the first on, see <see cref="TensorIndex"/>; axes without one are whole.</param>
    /// <remarks>
    /// Places, ranges and new axes give a view of the same memory. A negative step, a mask and a tensor of places copy.
    /// Several tensors of places broadcast; their axes come out where the first of them stands, or first of all when
    /// other entries stand between them, as in NumPy. Gradients flow to the picked elements.
    /// </remarks>
    /// <exception cref="InvalidArgumentException">An entry lies outside its axis, there are two ellipses, or none at all is given.</exception>
    /// <exception cref="ShapeMismatchException">There are more entries than axes, or a mask has another shape than what it masks.</exception>
    [IndexerName("Part")]
    public Tensor this[params ReadOnlySpan<TensorIndex> entries]
    {
        get
        {
            if (this is QuantizedTensor q)
            {
                TensorIndex[] listed = [.. entries];
                return q.Rearranged("Index", x => x[listed]);
            }
            int whole = Rank - Indexing.CountAxes(this, entries);
            using var scope = Temporaries.Begin();
            Tensor x = this;
            int axis = 0, source = 0;  // where the next entry applies: in x, and in this tensor
            var places = new List<(int Axis, Tensor Tensor)>();
            bool ellipsis = false;
            foreach (TensorIndex entry in entries)
            {
                switch (entry.Kind)
                {
                    case Form.Place: x = x.Select(axis, Indexing.PlaceOn(this, source++, entry)); break;
                    case Form.Range: x = SlicingOps.Take(x, Indexing.Range(this, source++, entry) with { Axis = axis++ }); break;
                    case Form.Slice: x = Indexing.Slice(x, axis++, Shape[source++], entry); break;
                    case Form.NewAxis: x = x.ExpandDims(axis++); break;
                    case Form.Ellipsis when ellipsis: throw new InvalidArgumentException($"Index: {Indexing.Written(entries)} has two ellipses; the second leaves open which axes it stands for.");
                    case Form.Ellipsis:
                        ellipsis = true;
                        axis += whole;
                        source += whole;
                        break;
                    case Form.Tensor:
                        places.Add((axis, entry.Tensor!));
                        axis += Indexing.AxesOf(entry.Tensor!);
                        source += Indexing.AxesOf(entry.Tensor!);
                        break;
                    default:
                        axis++;
                        source++;
                        break;
                }
            }
            return scope.Keep(places.Count == 0 ? x : Indexing.Pick(x, places));
        }
    }
}

/// <summary>What the indexer does for each kind of entry.</summary>
internal static class Indexing
{
    /// <summary>The number of axes that the entries speak of, an ellipsis aside.</summary>
    internal static int CountAxes(Tensor x, ReadOnlySpan<TensorIndex> entries)
    {
        if (entries.Length == 0) throw new InvalidArgumentException("Index: the list of entries is empty, which is also what x[null] means in C#; write TensorIndex.NewAxis for a new axis, or x for the whole tensor.");
        int axes = 0;
        foreach (TensorIndex entry in entries)
            axes += entry.Kind is Form.NewAxis or Form.Ellipsis ? 0 : entry.Kind == Form.Tensor ? AxesOf(entry.Tensor!) : 1;
        if (axes > x.Rank) throw new ShapeMismatchException($"Index: {Written(entries)} speaks of {axes} axes, but shape {x.ConcreteShape} has {x.Rank}.");
        return axes;
    }

    /// <summary>How many axes an index tensor takes up.</summary>
    internal static int AxesOf(Tensor index)
    {
        if (index.DType.IsInteger()) return 1;
        if (index.DType != DType.Bool) throw new DTypeMismatchException($"Index: a tensor of {index.DType.Name()} is no index; give a bool mask or integer places{(index.DType.IsQuantized() ? ", made from what Dequantize gives" : "")}.");
        return index.Rank > 0 ? index.Rank : throw new ShapeMismatchException("Index: a bool mask of shape [] masks no axis; give one with the shape of the axes that it masks.");
    }

    internal static Dim PlaceOn(Tensor x, int axis, TensorIndex entry)
    {
        Dim size = x.Shape[axis], place = entry.Start!.Value.On(size);
        if (!size.IsUnknown && (place < 0 || place >= size))
            throw new InvalidArgumentException($"Index: place {entry} is outside axis {axis} of shape {x.ConcreteShape}, which has {size.Value} places.");
        return place;
    }

    internal static SlicingOps.SliceAttributes Range(Tensor x, int axis, TensorIndex entry)
    {
        Dim size = x.Shape[axis], start = entry.Start!.Value.On(size), stop = entry.Stop!.Value.On(size);
        if (start.Example < 0 || (!size.IsUnknown && stop > size) || start.Example > stop.Example)
            throw new InvalidArgumentException($"Index: range {entry} does not lie within axis {axis} of shape {x.ConcreteShape}; for Python's forgiving ends use TensorIndex.Slice.");
        return new(axis, start, stop, 1);
    }

    internal static Tensor Slice(Tensor x, int axis, Dim size, TensorIndex entry)
    {
        long step = entry.Step;
        if (step > 0)
        {
            Dim start = Clamp(entry.Start?.On(size) ?? 0, 0, size), stop = Clamp(entry.Stop?.On(size) ?? size, 0, size);
            return SlicingOps.Take(x, new(axis, start, stop.Value < start.Value ? start : stop, step));
        }
        // The same places in ascending order, turned around: from the last one reached to the first.
        long first = Clamp(entry.Start?.On(size) ?? size - 1, -1, size - 1), end = Clamp(entry.Stop?.On(size) ?? -1, -1, size - 1);
        long count = Math.Max(0, (first - end - step - 1) / -step);
        long last = count == 0 ? 0 : first + (count - 1) * step;
        return SlicingOps.Take(x, new(axis, last, count == 0 ? 0 : first + 1, -step)).Flip(axis);
    }

    /// <summary>What index tensors pick, each from its axis on.</summary>
    internal static Tensor Pick(Tensor x, List<(int Axis, Tensor Tensor)> places)
    {
        if (places is [(int only, { DType: DType.Bool } mask)]) return x.BooleanMask(mask, only);
        var axes = new List<int>();
        var tensors = new List<Tensor> { x };
        foreach ((int axis, Tensor tensor) in places)
        {
            // A mask is the list of its true places, a vector for each of its axes.
            Tensor[] columns = tensor.DType == DType.Bool ? GatheringOps.RequireMask(x, tensor, axis).NonZero().Unstack(1) : [tensor.Cast(DType.Int64)];
            tensors.AddRange(columns);
            axes.AddRange(Enumerable.Range(axis, columns.Length));
        }
        return GatheringOps.ApplyIndex([.. tensors], [.. axes]);
    }

    internal static string Written(ReadOnlySpan<TensorIndex> entries)
    {
        var parts = new string[entries.Length];
        for (int i = 0; i < parts.Length; i++) parts[i] = entries[i].ToString();
        return $"x[{string.Join(", ", parts)}]";
    }

    private static Dim Clamp(Dim place, Dim low, Dim high) => place.Value < low.Value ? low : place.Value > high.Value ? high : place;
}
