using System.Globalization;

namespace Eager;

/// <summary>
/// One entry of an index such as <c>x[0, 1..3, ^1]</c>: a place, a range, a mask, a tensor of places, or one of
/// <see cref="NewAxis"/>, <see cref="Ellipsis"/> and <see cref="Slice"/>. The default value is a whole axis, as <c>..</c>.
/// </summary>
/// <remarks>Integers, <see cref="Index"/>, <see cref="Range"/> and <see cref="Tensor"/> convert to it by themselves.</remarks>
public readonly struct TensorIndex
{
    private TensorIndex(Form kind) => Kind = kind;

    internal enum Form : byte
    {
        All,
        Place,
        Range,
        Slice,
        NewAxis,
        Ellipsis,
        Tensor,
    }

    /// <summary>Puts an axis of size 1 here.</summary>
    /// <remarks><c>x[null]</c>, the spelling of NumPy, is an error: C# takes that null for the whole list of entries.</remarks>
    public static TensorIndex NewAxis => new(Form.NewAxis);

    /// <summary>Stands for as many whole axes as the other entries leave; an index has at most one.</summary>
    public static TensorIndex Ellipsis => new(Form.Ellipsis);

    internal Form Kind { get; }

    /// <summary>True for an entry that picks a view of the memory; the others copy.</summary>
    internal bool IsView => Kind != Form.Tensor && (Kind != Form.Slice || Step > 0);

    /// <summary>The place of <see cref="Form.Place"/>, else where a range begins; null for its natural end.</summary>
    internal Place? Start { get; private init; }

    internal Place? Stop { get; private init; }

    internal long Step { get; private init; }

    internal Tensor? Tensor { get; private init; }

    /// <summary>Python's <c>start:stop:step</c>.</summary>
    /// <param name="start">The first place; negative counts from the end. By default the first one, or with a negative step the last.</param>
    /// <param name="stop">The place before which it stops; negative counts from the end. By default past the last one in the step's direction.</param>
    /// <param name="step">The distance of the places. Not 0; a negative one walks backwards and copies.</param>
    /// <remarks>Ends outside the axis are moved to its ends, as Python does; a <see cref="Range"/> there is an error.</remarks>
    /// <exception cref="InvalidArgumentException">The step is 0.</exception>
    public static TensorIndex Slice(long? start = null, long? stop = null, long step = 1)
    {
        if (step == 0) throw new InvalidArgumentException("TensorIndex.Slice: the step is 0; give a positive step, or a negative one to walk backwards.");
        return new(Form.Slice) { Start = start is long first ? Place.Of(first) : null, Stop = stop is long last ? Place.Of(last) : null, Step = step };
    }

    /// <summary>A place; a negative one counts from the end.</summary>
    public static implicit operator TensorIndex(int place) => new(Form.Place) { Start = Place.Of(place) };

    /// <summary>A place; a negative one counts from the end.</summary>
    public static implicit operator TensorIndex(long place) => new(Form.Place) { Start = Place.Of(place) };

    /// <summary>A place, as in <c>^1</c>.</summary>
    public static implicit operator TensorIndex(Index place) => new(Form.Place) { Start = new(place.Value, place.IsFromEnd) };

    /// <summary>Places from one end up to the other, as in <c>1..^1</c>.</summary>
    public static implicit operator TensorIndex(Range range) =>
        range.Equals(Range.All) ? default : new(Form.Range)
        {
            Start = new(range.Start.Value, range.Start.IsFromEnd),
            Stop = new(range.End.Value, range.End.IsFromEnd),
        };

    /// <summary>A bool tensor picks where it is true; an integer tensor gives places.</summary>
    public static implicit operator TensorIndex(Tensor tensor) => new(Form.Tensor) { Tensor = tensor };

    /// <summary>As it is written in C#, or in Python for a <see cref="Slice"/>.</summary>
    public override string ToString() => Kind switch
    {
        Form.Place => $"{Start}",
        Form.Range => $"{Start}..{Stop}",
        Form.Slice => $"{Start?.ToPython()}:{Stop?.ToPython()}:{Step}",
        Form.NewAxis => "NewAxis",
        Form.Ellipsis => "...",
        Form.Tensor => $"{Tensor!.DType.Name()} {Tensor.ConcreteShape}",
        _ => "..",
    };

    /// <summary>A place of an axis, counted from its start or its end.</summary>
    internal readonly record struct Place(long Value, bool IsFromEnd)
    {
        internal static Place Of(long place) => place < 0 ? new(-place, true) : new(place, false);

        internal Dim On(Dim size) => IsFromEnd ? size - Value : Value;

        internal string ToPython() => (IsFromEnd ? -Value : Value).ToString(CultureInfo.InvariantCulture);

        public override string ToString() => IsFromEnd ? $"^{Value}" : $"{Value}";
    }
}
