using System.Globalization;
using System.Numerics;
using System.Text;

namespace Eager.Printing;

/// <summary>Elements in nested brackets and aligned columns, as NumPy's <c>array2string</c> lays them out with its default options.</summary>
internal sealed class ArrayText
{
    private const int SummarizedAbove = 1000;
    private const int EdgeItems = 3;
    private const int LineWidth = 75;
    private const string Omitted = "...";

    private readonly Shape shape;
    private readonly string[] cells;
    private readonly bool summarized;
    private int next;  // the cell to be written

    private ArrayText(Shape shape, string[] cells, bool summarized) => (this.shape, this.cells, this.summarized) = (shape, cells, summarized);

    /// <summary>The text of a tensor's elements.</summary>
    internal static string Of(Tensor x)
    {
        if (x.ElementCount == 0) return "[]";
        using var scope = Temporaries.Begin();
        bool summarized = x.ElementCount > SummarizedAbove;
        string[] cells = Cells(summarized ? Edges(x) : x);
        return x.Rank == 0 ? cells[0] : new ArrayText(x.ConcreteShape, cells, summarized).Brackets(0, LineWidth);
    }

    // The first and last few slices of every axis that is longer than both.
    private static Tensor Edges(Tensor x)
    {
        for (int axis = 0; axis < x.Rank; axis++)
        {
            long size = x.ConcreteShape[axis];
            if (size > 2 * EdgeItems) x = Tensor.Concat([x.Narrow(axis, 0, EdgeItems), x.Narrow(axis, size - EdgeItems, EdgeItems)], axis);
        }
        return x;
    }

    private static string[] Cells(Tensor x)
    {
        bool alone = x.Rank == 0;
        switch (x.DType)
        {
            case DType.Bool: return Array.ConvertAll(x.ToArray<bool>(), value => value ? alone ? "True" : " True" : "False");
            case DType.Float16: return Reals(Array.ConvertAll(x.ToArray<Half>(), Number.Of), alone);
            case DType.BFloat16: return Reals(Array.ConvertAll(x.ToArray<BFloat16>(), Number.Of), alone);
            case DType.Float32: return Reals(Array.ConvertAll(x.ToArray<float>(), Number.Of), alone);
            case DType.Float64: return Reals(Array.ConvertAll(x.ToArray<double>(), Number.Of), alone);
            case DType.Complex64:
                Complex64[] narrow = x.ToArray<Complex64>();
                return Complexes(Array.ConvertAll(narrow, static z => Number.Of(z.Real)), Array.ConvertAll(narrow, static z => Number.Of(z.Imaginary)), alone);
            case DType.Complex128:
                Complex[] wide = x.ToArray<Complex>();
                return Complexes(Array.ConvertAll(wide, static z => Number.Of(z.Real)), Array.ConvertAll(wide, static z => Number.Of(z.Imaginary)), alone);
            default:
                string[] digits = Array.ConvertAll(x.Cast(DType.Int64).ToArray<long>(), static value => value.ToString(CultureInfo.InvariantCulture));
                int width = digits.Max(static text => text.Length);
                return Array.ConvertAll(digits, text => text.PadLeft(width));
        }
    }

    private static string[] Reals(Number[] values, bool alone) => alone ? [values[0].Alone()] : Array.ConvertAll(values, new RealFormat(values, signed: false).Write);

    private static string[] Complexes(Number[] real, Number[] imaginary, bool alone)
    {
        if (alone) return [$"({real[0].Alone()}{imaginary[0].Alone(signed: true)}j)"];
        RealFormat left = new(real, signed: false), right = new(imaginary, signed: true);
        return [.. real.Zip(imaginary, (re, im) =>
        {
            string text = right.Write(im), tight = text.TrimEnd();
            return $"{left.Write(re)}{tight}j{text[tight.Length..]}";
        })];
    }

    private string Brackets(int axis, int width)
    {
        string indent = new(' ', axis + 1);
        bool gap = summarized && shape[axis].Value > 2 * EdgeItems;
        int shown = gap ? 2 * EdgeItems : (int)shape[axis].Value;
        var words = new List<string>(shown + 1);
        for (int i = 0; i < shown; i++)
        {
            if (gap && i == EdgeItems) words.Add(Omitted);
            words.Add(axis == shape.Rank - 1 ? cells[next++] : Brackets(axis + 1, width - 1));
        }
        return axis == shape.Rank - 1 ? $"[{Wrapped(words, indent, width - 1)}]"
            : $"[{string.Join(new string('\n', shape.Rank - 1 - axis) + indent, words)}]";
    }

    // Words beside each other, on further lines where they do not fit on one.
    private static string Wrapped(List<string> words, string indent, int width)
    {
        var done = new StringBuilder();
        var line = new StringBuilder(indent);
        foreach (string word in words)
        {
            if (line.Length > indent.Length) line.Append(' ');
            if (line.Length + word.Length > width && line.Length > indent.Length)
            {
                done.Append(line.ToString().TrimEnd()).Append('\n');
                line.Clear().Append(indent);
            }
            line.Append(word);
        }
        return done.Append(line).ToString()[indent.Length..];
    }
}
