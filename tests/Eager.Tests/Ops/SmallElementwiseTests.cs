using System.Numerics;
using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Ops;

/// <summary>Elementwise operations of few numbers take a way of their own, those of many or of strided ones LibTorch's: IEEE 754 fixes what both give.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(double))]
public sealed class SmallElementwiseTests<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly T[] Kinds =
    [
        T.NaN, T.PositiveInfinity, T.NegativeInfinity, T.NegativeZero, T.Zero, T.Epsilon, -T.Epsilon, T.CreateChecked(1e-310), T.CreateSaturating(1e308), -T.CreateSaturating(1e308),
        T.One, -T.One, T.CreateChecked(3), T.One / T.CreateChecked(3), T.CreateChecked(-7.5),
    ];

    private static readonly (string Name, Func<Tensor, Tensor, Tensor> Op, Func<T, T, T> Reference)[] Binary =
    [
        ("+", static (a, b) => a + b, static (a, b) => a + b),
        ("-", static (a, b) => a - b, static (a, b) => a - b),
        ("*", static (a, b) => a * b, static (a, b) => a * b),
        ("/", static (a, b) => a / b, static (a, b) => a / b),
    ];

    private static readonly (string Name, Func<Tensor, Tensor> Op, Func<T, T> Reference)[] Unary =
    [
        ("Negate", static x => -x, static x => -x),
        ("Abs", static x => x.Abs(), T.Abs),
        ("Relu", static x => x.Relu(), static x => x < T.Zero ? T.Zero : x),
        ("Sqrt", static x => x.Sqrt(), T.Sqrt),
        ("Square", static x => x.Square(), static x => x * x),
        ("Reciprocal", static x => x.Reciprocal(), static x => T.One / x),
        ("Rsqrt", static x => x.Rsqrt(), static x => T.One / T.Sqrt(x)),
        ("gradient of Relu", RectifierGradient, static x => x <= T.Zero ? T.Zero : T.One),
    ];

    private static readonly int[][] Shapes = [[], [1], [1, 1], [5], [1, 5], [4, 5], [3, 4, 5], [4, 1], [3, 1, 5], [0], [0, 5], [4, 0], [2, 300], [300], [60, 300], [60, 1], [9000], [33, 3], [3]];

    [Test]
    public void One_operand([Values] bool strided)
    {
        foreach (var (name, op, reference) in Unary)
            foreach (int[] shape in Shapes)
            {
                T[] values = Values(shape, 3);
                Check(name, op(Make(values, shape, strided)), shape, Array.ConvertAll(values, v => reference(v)));
            }
    }

    [Test]
    public void Two_operands_that_broadcast([Values] bool strided)
    {
        int pairs = 0;
        foreach (int[] left in Shapes)
            foreach (int[] right in Shapes)
            {
                if (Joined(left, right) is not { } shape) continue;
                pairs++;
                T[] a = Values(left, 7), b = Values(right, 2);
                foreach (var (name, op, reference) in Binary)
                {
                    var expected = new T[shape.Aggregate(1, static (x, y) => x * y)];
                    for (int i = 0; i < expected.Length; i++) expected[i] = reference(a[Place(i, shape, left)], b[Place(i, shape, right)]);
                    Check($"[{string.Join(", ", left)}] {name} [{string.Join(", ", right)}]", op(Make(a, left, strided), Make(b, right, false)), shape, expected);
                }
            }
        Assert.That(pairs, Is.GreaterThan(100));
    }

    [Test]
    public void A_number_beside_a_tensor()
    {
        T[] values = Values([4, 5], 1);
        Tensor x = Make(values, [4, 5], false);
        T half = T.CreateChecked(0.5);
        Check("x - 0.5", x - 0.5, [4, 5], Array.ConvertAll(values, v => v - half));
        Check("0.5 - x", 0.5 - x, [4, 5], Array.ConvertAll(values, v => half - v));
        Check("0.5 / x", 0.5 / x, [4, 5], Array.ConvertAll(values, v => half / v));
    }

    // Of every kind in turn, each operand in another order.
    private static T[] Values(int[] shape, int step) => [.. Enumerable.Range(0, shape.Aggregate(1, static (x, y) => x * y)).Select(i => Kinds[(i * step + i / Kinds.Length) % Kinds.Length])];

    private static Tensor Make(T[] values, int[] shape, bool strided)
    {
        Tensor plain = Tensor.From(values, Shape.Of([.. shape.Select(static n => (Dim)n)]));
        if (!strided) return plain;
        // Every other number of a tensor twice as long.
        Tensor twice = Tensor.Stack([plain, Tensor.ZerosLike(plain)], -1);
        return twice.Narrow(-1, 0, 1).Squeeze(-1);
    }

    private static Tensor RectifierGradient(Tensor x)
    {
        using var tape = new GradientTape();
        tape.Watch(x);
        return tape.Gradient(x.Relu().Sum(), x)!;
    }

    private static int[]? Joined(int[] a, int[] b)
    {
        var shape = new int[Math.Max(a.Length, b.Length)];
        for (int i = 1; i <= shape.Length; i++)
        {
            int x = i <= a.Length ? a[^i] : 1, y = i <= b.Length ? b[^i] : 1;
            if (x != y && x != 1 && y != 1) return null;
            shape[^i] = x == 1 ? y : x;
        }
        return shape;
    }

    // Where the element of an operand lies that stands beside element i of the result.
    private static int Place(int i, int[] shape, int[] own)
    {
        int place = 0, step = 1;
        for (int axis = 1; axis <= shape.Length; axis++)
        {
            int index = i % shape[^axis];
            i /= shape[^axis];
            if (axis > own.Length) continue;
            place += own[^axis] == 1 ? 0 : index * step;
            step *= own[^axis];
        }
        return place;
    }

    private static void Check(string what, Tensor got, int[] shape, T[] expected)
    {
        Assert.That(got.Shape.ToString(), Is.EqualTo(Shape.Of([.. shape.Select(static n => (Dim)n)]).ToString()), what);
        Assert.That(Bits(got.ToArray<T>()), Is.EqualTo(Bits(expected)), what);
    }

    // Zeros have signs; all NaNs count as one, because IEEE 754 leaves open which of two operands' it is.
    private static long[] Bits(T[] values) => Array.ConvertAll(values, static v => BitConverter.DoubleToInt64Bits(T.IsNaN(v) ? double.NaN : double.CreateChecked(v)));
}
