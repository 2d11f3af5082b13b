using System.Runtime.InteropServices;
using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    private const int Unset = -1;

    /// <summary>A tensor that copies a flat span, in C order, with a shape, to the device in use (<see cref="Device.Use(Device)"/>).</summary>
    /// <param name="values">The elements, the last axis running fastest; their C# type gives the dtype.</param>
    /// <param name="shape">The shape; one element fills any shape.</param>
    /// <exception cref="ShapeMismatchException">The shape has another number of elements.</exception>
    public static Tensor From<T>(ReadOnlySpan<T> values, Shape shape) where T : unmanaged
    {
        RequireKnown(shape, "From");
        if (values.Length == 1 && shape.ElementCount != 1) return From(values, Shape.Scalar).BroadcastTo(shape).Clone();
        if (values.Length != shape.ElementCount)
            throw new ShapeMismatchException($"From: {values.Length} elements do not fill shape {shape}, which has {shape.ElementCount}.");
        Device place = Place(null);
        if (place == Device.Cpu) return OnCpu(values, shape);
        using Tensor host = OnCpu(values, shape);
        return host.To(place);
    }

    /// <summary>A tensor of rank 1 that copies an array.</summary>
    public static Tensor From<T>(params T[] values) where T : unmanaged => From<T>(values, [values.Length]);

    /// <summary>A tensor that copies a flat array, with a shape.</summary>
    public static Tensor From<T>(T[] values, Shape shape) where T : unmanaged => From<T>(values.AsSpan(), shape);

    /// <summary>A scalar tensor of the number's own dtype.</summary>
    public static Tensor From<T>(T value) where T : unmanaged => From([value], Shape.Scalar);

    /// <summary>A tensor of rank 2 that copies an array.</summary>
    public static Tensor From<T>(T[,] values) where T : unmanaged => FromArray<T>(values);

    /// <summary>A tensor of rank 3 that copies an array.</summary>
    public static Tensor From<T>(T[,,] values) where T : unmanaged => FromArray<T>(values);

    /// <summary>A tensor of rank 4 that copies an array.</summary>
    public static Tensor From<T>(T[,,,] values) where T : unmanaged => FromArray<T>(values);

    /// <summary>A tensor of rank 2 from rows.</summary>
    /// <exception cref="ShapeMismatchException">The rows are of different lengths; the message names the first such row.</exception>
    public static Tensor From<T>(T[][] rows) where T : unmanaged
    {
        int width = rows.Length == 0 ? 0 : CreationOps.Row(rows, 0).Length;
        var flat = new T[rows.Length * width];
        for (int i = 0; i < rows.Length; i++)
        {
            if (CreationOps.Row(rows, i).Length != width)
                throw new ShapeMismatchException($"From: row {i} has {rows[i].Length} elements where row 0 has {width}; all rows need the same length.");
            rows[i].CopyTo(flat, i * width);
        }
        return From(flat, [rows.Length, width]);
    }

    /// <summary>A tensor of rank 3 from planes of rows.</summary>
    /// <exception cref="ShapeMismatchException">The planes or rows are of different lengths; the message names the first such one.</exception>
    public static Tensor From<T>(T[][][] planes) where T : unmanaged
    {
        int height = planes.Length == 0 ? 0 : planes[0].Length, width = height == 0 ? 0 : planes[0][0].Length;
        var flat = new T[planes.Length * height * width];
        for (int i = 0; i < planes.Length; i++)
        {
            if (planes[i].Length != height)
                throw new ShapeMismatchException($"From: plane {i} has {planes[i].Length} rows where plane 0 has {height}; all planes need the same number.");
            for (int j = 0; j < height; j++)
            {
                if (planes[i][j].Length != width)
                    throw new ShapeMismatchException($"From: row {j} of plane {i} has {planes[i][j].Length} elements where the first row has {width}; all rows need the same length.");
                planes[i][j].CopyTo(flat, (i * height + j) * width);
            }
        }
        return From(flat, [planes.Length, height, width]);
    }

    /// <summary>A tensor with the elements and shape of an array of any rank, or of arrays in arrays to any depth.</summary>
    /// <exception cref="DTypeMismatchException">The innermost elements are of another type.</exception>
    /// <exception cref="ShapeMismatchException">Arrays of one level are of different shapes; the message gives the place of the first such one.</exception>
    public static Tensor FromArray<T>(Array values) where T : unmanaged
    {
        Type element = values.GetType().GetElementType()!, innermost = element;
        while (innermost.IsArray) innermost = innermost.GetElementType()!;
        if (innermost != typeof(T)) throw new DTypeMismatchException($"FromArray: the array's elements are {innermost.Name}, not {typeof(T).Name}.");
        if (element.IsArray)
        {
            (T[] flat, Shape shape) = NestedArray.Flatten<T>(values);
            return From(flat, shape);
        }
        var dims = new Dim[values.Rank];
        for (int i = 0; i < dims.Length; i++) dims[i] = (long)values.GetLength(i);
        return From(NestedArray.Elements<T>(values), Shape.Of(dims));
    }

    /// <summary>A tensor over the caller's own memory, without a copy: it is pinned until no tensor needs it any more.</summary>
    /// <remarks>What is written to the memory later is seen by the tensor and its views; gradients of what was computed before would be wrong then.</remarks>
    /// <param name="memory">The elements in C order; their C# type gives the dtype.</param>
    /// <param name="shape">The shape.</param>
    /// <exception cref="ShapeMismatchException">The shape has another number of elements.</exception>
    /// <exception cref="InvalidArgumentException">The memory cannot be pinned.</exception>
    public static unsafe Tensor FromMemory<T>(Memory<T> memory, Shape shape) where T : unmanaged
    {
        DType dtype = DTypes.Of<T>();
        RequireKnown(shape, "FromMemory");
        if (memory.Length != shape.ElementCount)
            throw new ShapeMismatchException($"FromMemory: {memory.Length} elements do not fill shape {shape}, which has {shape.ElementCount}.");
        System.Buffers.MemoryHandle pinned;
        try
        {
            pinned = memory.Pin();
        }
        catch (ArgumentException e)
        {
            throw new InvalidArgumentException($"FromMemory: the memory of {typeof(T).Name} cannot be pinned: {e.Message} Copy it with From.");
        }
        try
        {
            return ForeignMemory.Wrap(pinned.Pointer, shape.Sizes, ForeignMemory.CStrides(shape.Sizes), dtype, Device.Cpu, pinned);
        }
        catch
        {
            pinned.Dispose();
            throw;
        }
    }

    /// <summary>Zeros of a shape.</summary>
    public static Tensor Zeros(Shape shape, DType dtype = DType.Float32, Device? device = null) =>
        CreationOps.Full.Apply([], new(shape, 0, Errors.RequireUnquantized(dtype, nameof(Zeros)), Place(device)));

    /// <summary>Ones of a shape.</summary>
    public static Tensor Ones(Shape shape, DType dtype = DType.Float32, Device? device = null) =>
        CreationOps.Full.Apply([], new(shape, 1, Errors.RequireUnquantized(dtype, nameof(Ones)), Place(device)));

    /// <summary>A shape filled with one number.</summary>
    /// <exception cref="DTypeMismatchException">The number has a fraction type and the dtype is an integer one, or it is neither 0 nor 1 and the dtype is bool.</exception>
    /// <exception cref="InvalidArgumentException">The integer does not fit the dtype.</exception>
    public static Tensor Full(Shape shape, Scalar value, DType dtype = DType.Float32, Device? device = null) =>
        CreationOps.Full.Apply([], new(shape, CreationOps.RequireFill(value, dtype, nameof(Full)), dtype, Place(device)));

    /// <summary>Zeros of another tensor's shape, dtype and device.</summary>
    public static Tensor ZerosLike(Tensor x) => CreationOps.FullLike.Apply([x], 0);

    /// <summary>Ones of another tensor's shape, dtype and device.</summary>
    public static Tensor OnesLike(Tensor x) => CreationOps.FullLike.Apply([x], 1);

    /// <summary>Another tensor's shape, dtype and device filled with one number.</summary>
    public static Tensor FullLike(Tensor x, Scalar value) => CreationOps.FullLike.Apply([x], CreationOps.RequireFill(value, x.DType, nameof(FullLike)));

    /// <summary>Zeros of another tensor's shape and device, in a dtype.</summary>
    public static Tensor ZerosLike(Tensor x, DType dtype) => Zeros(x.Shape, dtype, x.Device);

    /// <summary>Ones of another tensor's shape and device, in a dtype.</summary>
    public static Tensor OnesLike(Tensor x, DType dtype) => Ones(x.Shape, dtype, x.Device);

    /// <summary>Another tensor's shape and device filled with one number, in a dtype.</summary>
    public static Tensor FullLike(Tensor x, Scalar value, DType dtype) => Full(x.Shape, value, dtype, x.Device);

    /// <summary>The numbers from <paramref name="start"/> up to, not including, <paramref name="end"/>.</summary>
    public static Tensor Range(Scalar start, Scalar end, Scalar? step = null, DType? dtype = null, Device? device = null)
    {
        Scalar by = step ?? 1;
        bool real = start.IsReal || end.IsReal || by.IsReal;
        DType wanted = dtype ?? (real ? DType.Float32 : DType.Int64);
        CreationOps.RequireRange(start, end, by, wanted);
        return CreationOps.Range.Apply([], new(start, end, by, wanted, Place(device)));
    }

    /// <summary>The integers from 0 up to, not including, <paramref name="end"/>, as int64.</summary>
    public static Tensor Range(long end) => Range(0, end);

    /// <summary><paramref name="count"/> evenly spaced numbers from start to end, both included.</summary>
    public static Tensor LinSpace(double start, double end, int count, DType dtype = DType.Float32, Device? device = null) =>
        count >= 0
            ? CreationOps.LinSpace.Apply([], new(start, end, count, Errors.RequireUnquantized(dtype, nameof(LinSpace)), Place(device)))
            : throw new InvalidArgumentException($"LinSpace: the count {count} is negative.");

    /// <summary><paramref name="count"/> numbers whose logarithms are evenly spaced: baseᵉ for e from start to end, both included.</summary>
    /// <param name="start">The first exponent.</param>
    /// <param name="end">The last exponent.</param>
    /// <param name="count">How many.</param>
    /// <param name="radix">The base, above 0; 10 by default.</param>
    /// <param name="dtype">A floating-point dtype.</param>
    /// <param name="device">Where they are made.</param>
    public static Tensor LogSpace(double start, double end, int count, double radix = 10, DType dtype = DType.Float32, Device? device = null)
    {
        if (!dtype.IsFloatingPoint()) throw new DTypeMismatchException($"LogSpace: {dtype.Name()} is not a floating-point dtype.");
        if (count < 0) throw new InvalidArgumentException($"LogSpace: the count {count} is negative.");
        if (!(radix > 0)) throw new InvalidArgumentException($"LogSpace: the base {radix} is not above 0.");
        using var scope = Temporaries.Begin();
        return scope.Keep(Full([], radix, DType.Float64, device).Pow(LinSpace(start, end, count, DType.Float64, device)).Cast(dtype));
    }

    /// <summary>The places on and below a diagonal of a matrix, row by row: int64 of shape [2, count], row numbers above column numbers.</summary>
    /// <param name="rows">The matrix's rows.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="diagonal">0 for the main diagonal, positive above it, negative below.</param>
    /// <param name="device">Where they are made.</param>
    public static Tensor TrilIndices(long rows, long columns, long diagonal = 0, Device? device = null) =>
        CreationOps.TrilIndices.Apply([], CreationOps.RequireMatrix(nameof(TrilIndices), rows, columns, diagonal, Place(device)));

    /// <summary>The places on and above a diagonal of a matrix, row by row: int64 of shape [2, count], row numbers above column numbers.</summary>
    /// <inheritdoc cref="TrilIndices"/>
    public static Tensor TriuIndices(long rows, long columns, long diagonal = 0, Device? device = null) =>
        CreationOps.TriuIndices.Apply([], CreationOps.RequireMatrix(nameof(TriuIndices), rows, columns, diagonal, Place(device)));

    /// <summary>The unit matrix, or the first rows and columns of it.</summary>
    public static Tensor Eye(long rows, long? columns = null, DType dtype = DType.Float32, Device? device = null) =>
        CreationOps.Eye.Apply([], new(rows, columns ?? rows, Errors.RequireUnquantized(dtype, nameof(Eye)), Place(device)));

    /// <summary>Rows of zeros with a one at each index: <c>[...]</c> of integers becomes <c>[..., depth]</c>.</summary>
    public static Tensor OneHot(Tensor indices, int depth, DType dtype = DType.Float32)
    {
        GatheringOps.RequireIndices(indices, nameof(OneHot));
        Errors.RequireUnquantized(dtype, nameof(OneHot));
        using var scope = Temporaries.Begin();
        Tensor classes = Range(0, depth, dtype: indices.DType, device: indices.Device);
        return scope.Keep(indices.ExpandDims(-1).Equal(classes).Cast(dtype));
    }

    /// <summary>A tensor on the CPU, whatever device is in use, that copies as many elements as the shape has.</summary>
    internal static unsafe Tensor OnCpu<T>(ReadOnlySpan<T> values, Shape shape) where T : unmanaged
    {
        _ = Native.Memory;
        fixed (T* data = values)
        fixed (long* sizes = shape.Sizes)
        {
            return Own(Native.eager_from_host(data, new(sizes, shape.Rank), (int)DTypes.Of<T>()), "From");
        }
    }

    private static Device Place(Device? device)
    {
        Device place = device ?? ThreadContext.Current.DefaultDevice;
        place.Require();
        return place;
    }

    internal static Shape RequireKnown(Shape shape, string op)
    {
        foreach (Dim size in shape)
            if (size.Value < 0) throw new ShapeMismatchException($"{op}: shape {shape} has a size that is unknown or negative.");
        return shape;
    }
}

internal static class CreationOps
{
    internal readonly record struct FullAttributes(Shape Shape, Scalar Value, DType DType, Device Device);

    internal readonly record struct RangeAttributes(Scalar Start, Scalar End, Scalar Step, DType DType, Device Device);

    internal readonly record struct LinSpaceAttributes(double Start, double End, long Count, DType DType, Device Device);

    internal readonly record struct TriangleAttributes(long Rows, long Columns, long Diagonal, Device Device);

    internal readonly record struct EyeAttributes(long Rows, long Columns, DType DType, Device Device);

    internal static readonly Op<FullAttributes> Full = new("Full",
        static (x, in a) => Aten.full(a.Shape.Sizes, a.Value, (int)a.DType, -1, a.Device.Packed, default),
        static (x, in a) => Tensor.RequireKnown(a.Shape, "Full"))
    { Accepts = Accepts.Any };

    internal static readonly Op<Scalar> FullLike = new("FullLike",
        static (x, in value) => Aten.full_like(x[0], value, -1, -1, -1, default, -1),
        static (x, in value) => x[0])
    { Elementwise = true };

    internal static readonly Op<RangeAttributes> Range = new("Range",
        static (x, in a) => Aten.arange_start_step(a.Start, a.End, a.Step, (int)a.DType, -1, a.Device.Packed, default),
        static (x, in a) => [(long)Math.Max(0, Math.Ceiling((a.End.ToDouble() - a.Start.ToDouble()) / a.Step.ToDouble()))]);

    internal static readonly Op<LinSpaceAttributes> LinSpace = new("LinSpace",
        static (x, in a) => Aten.linspace(a.Start, a.End, a.Count, (int)a.DType, -1, a.Device.Packed, default),
        static (x, in a) => [a.Count]);

    internal static readonly Op<TriangleAttributes> TrilIndices = new("TrilIndices",
        static (x, in a) => Aten.tril_indices(a.Rows, a.Columns, a.Diagonal, (int)DType.Int64, -1, a.Device.Packed, default),
        static (x, in a) => [2L, CountBelow(a, a.Diagonal + 1)]);

    internal static readonly Op<TriangleAttributes> TriuIndices = new("TriuIndices",
        static (x, in a) => Aten.triu_indices(a.Rows, a.Columns, a.Diagonal, (int)DType.Int64, -1, a.Device.Packed, default),
        static (x, in a) => [2L, a.Rows * a.Columns - CountBelow(a, a.Diagonal)]);

    internal static readonly Op<EyeAttributes> Eye = new("Eye",
        static (x, in a) => Aten.eye_m(a.Rows, a.Columns, (int)a.DType, -1, a.Device.Packed, default),
        static (x, in a) => [a.Rows, a.Columns]);

    internal static T[] Row<T>(T[][] rows, int i) => rows[i] ?? throw new ShapeMismatchException($"From: row {i} is null.");

    internal static TriangleAttributes RequireMatrix(string op, long rows, long columns, long diagonal, Device device)
    {
        if (rows < 0 || columns < 0) throw new InvalidArgumentException($"{op}: a matrix of {rows} rows and {columns} columns does not exist.");
        // Farther out there is nothing but the whole or the empty triangle.
        return new(rows, columns, Math.Clamp(diagonal, -rows, columns), device);
    }

    /// <summary>Refuses a number that a dtype cannot hold, or only without its fraction.</summary>
    internal static Scalar RequireFill(Scalar value, DType dtype, string op)
    {
        Errors.RequireUnquantized(dtype, op);
        if (dtype == DType.Bool && !value.IsReal && value.ToInt64() is 0 or 1) return value;
        ScalarOperands.RequireFit(value, dtype, op);
        return value;
    }

    internal static void RequireRange(Scalar start, Scalar end, Scalar step, DType dtype)
    {
        foreach (Scalar number in (ReadOnlySpan<Scalar>)[start, end, step])
            if (!double.IsFinite(number.ToDouble())) throw new InvalidArgumentException($"Range: {number} is not finite.");
        if (step.ToDouble() == 0) throw new InvalidArgumentException("Range: the step is 0.");
        if (end.ToDouble() - start.ToDouble() is var way && way != 0 && way > 0 != step.ToDouble() > 0)
            throw new InvalidArgumentException($"Range: steps of {step} do not lead from {start} to {end}; turn the step's sign round.");
        Errors.RequireUnquantized(dtype, "Range");
        if (dtype.IsComplex() || dtype == DType.Bool) throw new DTypeMismatchException($"Range: {dtype.Name()} has no ranges; use an integer or a floating-point dtype.");
        ScalarOperands.RequireFit(start, dtype, "Range");
        if (step.IsReal) ScalarOperands.RequireFit(step, dtype, "Range");
        if (dtype.IsInteger() && end.IsReal) ScalarOperands.RequireFit(end, dtype, "Range");
        if (dtype.IsInteger() && way != 0) ScalarOperands.RequireFit(end.ToInt64() - Math.Sign(step.ToInt64()), dtype, "Range");
    }

    // The places of a matrix whose column is less than the row's number and so many more.
    private static long CountBelow(TriangleAttributes a, long more)
    {
        long count = 0;
        for (long row = 0; row < a.Rows; row++) count += Math.Clamp(row + more, 0, a.Columns);
        return count;
    }
}
