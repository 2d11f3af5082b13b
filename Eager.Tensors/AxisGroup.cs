using System.Collections;
using System.Runtime.CompilerServices;

namespace Eager;

/// <summary>One axis, or neighbouring ones that <see cref="Tensor.MergeAxes"/> makes one: <c>0</c> or <c>[1, 2]</c>.</summary>
[CollectionBuilder(typeof(AxisGroup), nameof(Of))]
public readonly struct AxisGroup : IEnumerable<int>
{
    private readonly int[]? axes;

    private AxisGroup(int[] axes) => this.axes = axes;

    /// <summary>A group of axes.</summary>
    public static AxisGroup Of(params ReadOnlySpan<int> axes) => new(axes.ToArray());

    /// <summary>An axis that stays alone.</summary>
    public static implicit operator AxisGroup(int axis) => new([axis]);

    /// <summary>The axes.</summary>
    public IEnumerator<int> GetEnumerator() => (axes ?? []).AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
