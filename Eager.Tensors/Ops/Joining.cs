using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>Tensors put end to end along an axis.</summary>
    public static Tensor Concat(ReadOnlySpan<Tensor> tensors, int axis = 0)
    {
        if (tensors.Length == 0) throw new InvalidArgumentException("Concat: the list of tensors is empty.");
        return JoiningOps.Concat.Apply(tensors, tensors[0].ConcreteShape.NormalizeAxis(axis, nameof(Concat)));
    }

    /// <summary>Tensors of one shape put side by side along a new axis.</summary>
    public static Tensor Stack(ReadOnlySpan<Tensor> tensors, int axis = 0)
    {
        if (tensors.Length == 0) throw new InvalidArgumentException("Stack: the list of tensors is empty.");
        using var scope = Temporaries.Begin();
        var expanded = new Tensor[tensors.Length];
        for (int i = 0; i < expanded.Length; i++)
        {
            if (tensors[i].ConcreteShape != tensors[0].ConcreteShape)
                throw new ShapeMismatchException($"Stack: tensor {i} is {tensors[i].ConcreteShape}, tensor 0 is {tensors[0].ConcreteShape}; all need one shape.");
            expanded[i] = tensors[i].ExpandDims(axis);
        }
        return scope.Keep(Concat(expanded, axis < 0 ? axis + tensors[0].Rank + 1 : axis));
    }

    /// <summary>Parts of equal size along an axis. Views.</summary>
    /// <param name="sections">Their number, which divides the axis's size.</param>
    /// <param name="axis">The axis that is cut.</param>
    public Tensor[] Split(int sections, int axis = 0)
    {
        Dim size = Shape[ConcreteShape.NormalizeAxis(axis, nameof(Split))];
        if (sections < 1 || (!size.IsUnknown && size % sections != 0))
            throw new ShapeMismatchException($"Split: axis {axis} of shape {ConcreteShape} does not fall into {sections} equal parts; give a divisor of {size}, or the sizes.");
        var sizes = new Dim[sections];
        Array.Fill(sizes, size / sections);
        return JoiningOps.Split.ApplyMany([this], new(Shape.Of(sizes), ConcreteShape.NormalizeAxis(axis)));
    }

    /// <summary>Parts of given sizes along an axis. Views.</summary>
    /// <param name="sizes">The parts' sizes; together the axis's.</param>
    /// <param name="axis">The axis that is cut.</param>
    public Tensor[] Split(Shape sizes, int axis = 0)
    {
        int at = ConcreteShape.NormalizeAxis(axis, nameof(Split));
        if (sizes.Any(static size => size.Value < 0) || sizes.Sum(static size => size.Value) != ConcreteShape[at].Value)
            throw new ShapeMismatchException($"Split: parts of sizes {sizes} do not make up axis {axis} of shape {ConcreteShape}.");
        return JoiningOps.Split.ApplyMany([this], new(sizes, at));
    }

    /// <summary>The slices of an axis one by one, without that axis. Views.</summary>
    public Tensor[] Unstack(int axis = 0) => JoiningOps.Unstack.ApplyMany([this], ConcreteShape.NormalizeAxis(axis, nameof(Unstack)));

    /// <summary>The tensor laid side by side with itself.</summary>
    /// <param name="multiples">How many times along each axis.</param>
    public Tensor Tile(params int[] multiples)
    {
        if (multiples.Length != Rank || multiples.Any(static m => m < 0))
            throw new ShapeMismatchException($"Tile: multiples [{string.Join(", ", multiples)}] do not fit shape {ConcreteShape}; give one number from 0 on for each of its {Rank} axes.");
        return JoiningOps.Tile.Apply([this], multiples);
    }

    /// <summary>Each slice of an axis several times in a row: <c>[1, 2]</c> twice is <c>[1, 1, 2, 2]</c>.</summary>
    public Tensor Repeat(int times, int axis)
    {
        if (times < 0) throw new InvalidArgumentException($"Repeat: {times} times is less than none.");
        int at = ConcreteShape.NormalizeAxis(axis, nameof(Repeat));
        using var scope = Temporaries.Begin();
        Shape shape = Shape;
        Tensor repeated = ExpandDims(at + 1).BroadcastTo(shape.Insert(at + 1, times));
        return scope.Keep(repeated.Reshape(shape.With(at, shape[at] * times)));
    }

    /// <summary>Each slice of an axis its own number of times in a row.</summary>
    /// <param name="times">How often each slice stands: a vector of integers from 0 on, as long as the axis.</param>
    /// <param name="axis">The axis.</param>
    /// <exception cref="InvalidArgumentException">A number is negative.</exception>
    /// <exception cref="TracingException">A traced function is being recorded: sizes that hang on values would be frozen in it.</exception>
    public Tensor Repeat(Tensor times, int axis)
    {
        GatheringOps.RequireIndices(times, nameof(Repeat));
        int at = ConcreteShape.NormalizeAxis(axis, nameof(Repeat));
        if (times.Rank != 1 || times.ConcreteShape[0] != ConcreteShape[at])
            throw new ShapeMismatchException($"Repeat: the numbers of times are {times.ConcreteShape}; axis {axis} of shape {ConcreteShape} needs a vector of {ConcreteShape[at]}.");
        using var scope = Temporaries.Begin();
        if (times.ElementCount == 0) return this;
        if (times.Min().Cast(DType.Int64).Item<long>() is var least and < 0) throw new InvalidArgumentException($"Repeat: {least} times is less than none.");
        Tensor ends = times.Cast(DType.Int64).CumSum(0);
        // The k-th place of the result holds the first slice whose repetitions end behind it.
        Tensor places = ends.SearchSorted(Range(0, ends.Select(0, -1).Item<long>(), device: Device), right: true);
        return scope.Keep(Gather(places, at));
    }

    /// <summary>The coordinates of a grid: from vectors of n, m, … elements as many tensors of shape <c>[n, m, …]</c>, each of which varies along its own axis. Views.</summary>
    /// <param name="axes">The coordinates along each axis; a scalar counts as a vector of one.</param>
    /// <param name="cartesian">True for shape <c>[m, n, …]</c>, in which x runs along the columns and y along the rows, as NumPy's default.</param>
    public static Tensor[] Meshgrid(ReadOnlySpan<Tensor> axes, bool cartesian = false)
    {
        var sizes = new Dim[axes.Length];
        for (int i = 0; i < sizes.Length; i++)
        {
            if (axes[i].Rank > 1) throw new ShapeMismatchException($"Meshgrid: the coordinates of axis {i} are {axes[i].ConcreteShape}; they need to be a vector.");
            sizes[Place(i)] = axes[i].Shape.ElementCount;
        }
        using var scope = Temporaries.Begin();
        var grid = new Tensor[axes.Length];
        for (int i = 0; i < grid.Length; i++)
        {
            var own = new Dim[sizes.Length];
            Array.Fill(own, 1);
            own[Place(i)] = sizes[Place(i)];
            grid[i] = scope.Keep(axes[i].Reshape(Shape.Of(own)).BroadcastTo(Shape.Of(sizes)));
        }
        return grid;

        int Place(int axis) => cartesian && sizes.Length > 1 && axis < 2 ? 1 - axis : axis;
    }
}

internal static class JoiningOps
{
    internal readonly record struct SplitAttributes(Shape Sizes, int Axis);

    // y = [x₀, x₁, …] ⇒ dxᵢ = the part of g that xᵢ fills
    internal static readonly Op<int> Concat = new("Concat", static (x, in axis) => Aten.cat(x, axis), ConcatShape)
    {
        Accepts = Accepts.Same,
        Linear = Linearity.Jointly,
        Batched = static (in axis, in _) => axis + 1,
        ComplexGradients = true,
        JointKeeps = Keep.Shapes,
        Joint = static (g, in s, dx) =>
        {
            long start = 0;
            for (int i = 0; i < dx.Length; i++)
            {
                long size = s.Shape(i)[s.Attributes];
                if (s.Needs(i)) dx[i] = g[0]!.Narrow(s.Attributes, start, size);
                start += size;
            }
        },
    };

    // yᵢ = a part of x ⇒ dx = the gradients put end to end, zeros for a part that was not used
    internal static readonly Op<SplitAttributes> Split = new("Split",
        static (x, in a) => Aten.split_with_sizes(x[0], a.Sizes.Sizes, a.Axis),
        static (x, in a) => Parts(x[0], a))
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in a, in _) => a with { Axis = a.Axis + 1 },
        ComplexGradients = true,
        Effect = Effect.View,
        JointKeeps = Keep.Shapes,
        Joint = static (g, in s, dx) => dx[0] = Tensor.Concat(Filled(g, Parts(s.Shape(0), s.Attributes)), s.Attributes.Axis),
    };

    // yᵢ = x[…, i, …] ⇒ dx = the gradients stacked, zeros for a slice that was not used
    internal static readonly Op<int> Unstack = new("Unstack",
        static (x, in axis) => Aten.unbind_int(x[0], axis),
        static (x, in axis) => Slices(x[0], axis))
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in axis, in _) => axis + 1,
        ComplexGradients = true,
        Effect = Effect.View,
        JointKeeps = Keep.Shapes,
        Joint = static (g, in s, dx) => dx[0] = Tensor.Stack(Filled(g, Slices(s.Shape(0), s.Attributes)), s.Attributes),
    };

    // y = copies of x in a grid ⇒ dx = Σg over the copies
    internal static readonly Op<int[]> Tile = new("Tile",
        static (x, in multiples) => Aten.repeat(x[0], ShapingOps.Longs(multiples)),
        static (x, in multiples) => Tiled(x[0], multiples))
    {
        Accepts = Accepts.Any,
        Linear = Linearity.Jointly,
        Batched = static (in multiples, in _) => [1, .. multiples],
        ComplexGradients = true,
        Gradients =
        [
            new(Keep.Shapes, static (g, in s) =>
            {
                Shape x = s.Shape(0);
                var grid = new Dim[2 * x.Rank];
                for (int i = 0; i < x.Rank; i++) (grid[2 * i], grid[2 * i + 1]) = (s.Attributes[i], x[i]);
                return x.Rank == 0 ? g : g.Reshape(Shape.Of(grid)).Sum([.. Enumerable.Range(0, x.Rank).Select(static i => 2 * i)]);
            }),
        ],
    };

    private static Shape[] Parts(Shape x, SplitAttributes a) => [.. a.Sizes.Select(size => x.With(a.Axis, size))];

    private static Shape[] Slices(Shape x, int axis) => [.. Enumerable.Repeat(x.Reduce([axis]), (int)x[axis].Value)];

    private static Shape Tiled(Shape x, int[] multiples) => [.. x.Zip(multiples, static (size, times) => size * times)];

    private static Tensor[] Filled(ReadOnlySpan<Tensor?> g, Shape[] shapes)
    {
        Tensor known = g.ToArray().First(static part => part is not null)!;
        var parts = new Tensor[g.Length];
        for (int i = 0; i < parts.Length; i++) parts[i] = g[i] ?? Tensor.Zeros(shapes[i], known.DType, known.Device);
        return parts;
    }

    private static Shape ConcatShape(ReadOnlySpan<Shape> x, in int axis)
    {
        Dim total = x[0][axis];
        for (int i = 1; i < x.Length; i++)
        {
            if (x[i].Rank != x[0].Rank) throw new ShapeMismatchException($"Concat: tensor {i} is {x[i]}, tensor 0 is {x[0]}; the ranks differ.");
            for (int d = 0; d < x[0].Rank; d++)
                if (d != axis && !x[i][d].IsUnknown && !x[0][d].IsUnknown && x[i][d] != x[0][d])
                    throw new ShapeMismatchException($"Concat: tensor {i} is {x[i]}, tensor 0 is {x[0]}; they may differ along axis {axis} only.");
            total += x[i][axis];
        }
        return x[0].With(axis, total);
    }
}
