namespace Eager;

public partial class Tensor
{
    /// <summary>Products and sums in Einstein's notation: each letter names an axis, letters that the result lacks are summed over.</summary>
    /// <param name="equation">As <c>"ij,jk->ik"</c>. A letter twice in one operand takes the diagonal; <c>...</c> stands for axes that broadcast. Without an arrow the result has <c>...</c> first, then the letters that occur once, in alphabetical order.</param>
    /// <param name="operands">A tensor for each list of letters; they are multiplied from left to right.</param>
    /// <exception cref="InvalidArgumentException">The equation is malformed or has another number of operands.</exception>
    /// <exception cref="ShapeMismatchException">A tensor has another rank than letters, or a letter two sizes.</exception>
    /// <example><code>Tensor product = Tensor.Einsum("bij,bjk->bik", a, b);</code></example>
    public static Tensor Einsum(string equation, params Tensor[] operands)
    {
        var parsed = EinsumEquation.Parse(equation, operands.Length);
        return new EinsumRun(parsed, operands).Result();
    }

    /// <summary>Products and sums in Einstein's notation, with numbers for names of axes: those that the result lacks are summed over.</summary>
    /// <param name="operands">Each tensor with a number for each of its axes; a number twice takes the diagonal.</param>
    /// <param name="result">The numbers of the result's axes, in order.</param>
    public static Tensor Einsum((Tensor Tensor, int[] Axes)[] operands, int[] result)
    {
        int negative = operands.SelectMany(static o => o.Axes).Concat(result).FirstOrDefault(static axis => axis < 0);
        if (negative < 0) throw new InvalidArgumentException($"Einsum: {negative} is no name of an axis; use numbers from 0 on.");
        var equation = new EinsumEquation([.. operands.Select(static o => o.Axes)], result, $"[{string.Join("; ", operands.Select(static o => string.Join(",", o.Axes)))} -> {string.Join(",", result)}]");
        equation.Require();
        return new EinsumRun(equation, [.. operands.Select(static o => o.Tensor)]).Result();
    }
}

/// <summary>A parsed equation: a list of labels for each operand and for the result.</summary>
internal sealed record EinsumEquation(int[][] Operands, int[] Result, string Text)
{
    /// <summary>Stands in a list of labels for the axes of an ellipsis.</summary>
    internal const int Ellipsis = -1;

    internal static EinsumEquation Parse(string text, int operands)
    {
        string[] sides = text.Split("->");
        if (sides.Length > 2) throw Malformed(text, "has more than one arrow");
        int[][] lists = [.. sides[0].Split(',').Select(list => Labels(list, text))];
        if (lists.Length != operands) throw Malformed(text, $"has {lists.Length} lists of letters before the arrow, but {operands} tensors are given");
        var equation = new EinsumEquation(lists, sides.Length == 2 ? Labels(sides[1], text) : Implied(lists), $"'{text}'");
        equation.Require();
        return equation;
    }

    internal void Require()
    {
        if (Operands.Length == 0) throw new InvalidArgumentException($"Einsum: {Text} has no operand.");
        foreach (int label in Result)
        {
            if (Result.Count(other => other == label) > 1) throw new InvalidArgumentException($"Einsum: {Text} names {Written(label)} twice in the result.");
            if (!Operands.Any(list => list.Contains(label))) throw new InvalidArgumentException($"Einsum: {Text} names {Written(label)} in the result, but in no operand.");
        }
    }

    /// <summary>A label as messages call it.</summary>
    internal string Written(int label) => label == Ellipsis ? "..." : Text[0] == '\'' ? ((char)label).ToString() : label.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static int[] Labels(string list, string text)
    {
        var labels = new List<int>();
        string rest = list.Replace(" ", "", StringComparison.Ordinal);
        for (int i = 0; i < rest.Length; i++)
        {
            if (char.IsAsciiLetter(rest[i])) labels.Add(rest[i]);
            else if (string.CompareOrdinal(rest, i, "...", 0, 3) != 0) throw Malformed(text, $"has '{rest[i]}', which is no letter; only letters, '...', ',' and '->' have a meaning");
            else if (labels.Contains(Ellipsis)) throw Malformed(text, "has two ellipses in one list");
            else
            {
                labels.Add(Ellipsis);
                i += 2;
            }
        }
        return [.. labels];
    }

    private static int[] Implied(int[][] lists)
    {
        IEnumerable<int> once = lists.SelectMany(static list => list).Where(static label => label != Ellipsis).GroupBy(static label => label).Where(static g => g.Count() == 1).Select(static g => g.Key).Order();
        return lists.Any(static list => list.Contains(Ellipsis)) ? [Ellipsis, .. once] : [.. once];
    }

    private static InvalidArgumentException Malformed(string text, string why) => new($"Einsum: '{text}' {why}.");
}

/// <summary>One evaluation: operands are brought to one label an axis, then multiplied in turn, each time as one batched matrix product.</summary>
internal sealed class EinsumRun
{
    private readonly EinsumEquation equation;
    private readonly Tensor[] operands;
    private readonly int[][] labels;
    private readonly int[] result;

    internal EinsumRun(EinsumEquation equation, Tensor[] operands)
    {
        this.equation = equation;
        this.operands = [.. operands];  // a copy: diagonals take the operands' places
        int[] ownAxes = Array.ConvertAll(equation.Operands, static list => list.Count(static label => label != EinsumEquation.Ellipsis));
        int wide = 0;
        for (int i = 0; i < operands.Length; i++)
        {
            int named = ownAxes[i], rank = operands[i].Rank;
            bool open = equation.Operands[i].Contains(EinsumEquation.Ellipsis);
            if (open ? rank < named : rank != named)
                throw new ShapeMismatchException($"Einsum: operand {i} of {equation.Text} is {operands[i].ConcreteShape}, which has {rank} axes where {(open ? "at least " : "")}{named} are named.");
            for (int other = 0; other < i; other++) Broadcasting.RequireOneBatchRank("Einsum", operands[other], ownAxes[other], operands[i], named);
            wide = Math.Max(wide, rank - named);
        }
        labels = [.. operands.Select((x, i) => Expanded(equation.Operands[i], x.Rank))];
        result = Expanded(equation.Result, equation.Result.Length - 1 + wide);
    }

    internal Tensor Result()
    {
        using var scope = Temporaries.Begin();
        for (int i = 0; i < operands.Length; i++) TakeDiagonals(i);
        RequireSizes();
        (Tensor product, int[] axes) = (operands[0], labels[0]);
        for (int i = 1; i < operands.Length; i++)
        {
            HashSet<int> needed = [.. result, .. labels[(i + 1)..].SelectMany(static list => list)];
            (product, axes) = Multiply(SumOut(product, axes, [.. needed, .. labels[i]]), SumOut(operands[i], labels[i], [.. needed, .. axes]), needed);
        }
        (product, axes) = SumOut(product, axes, [.. result]);
        return scope.Keep(product.Transpose([.. result.Select(label => Array.IndexOf(axes, label))]));
    }

    // An ellipsis becomes labels below it, counted from its last axis, so that axes that broadcast carry one label.
    private static int[] Expanded(int[] list, int rank)
    {
        int count = rank - list.Count(static label => label != EinsumEquation.Ellipsis);
        return [.. list.SelectMany(label => label != EinsumEquation.Ellipsis ? [label] : Enumerable.Range(0, count).Select(i => EinsumEquation.Ellipsis - (count - i)))];
    }

    private void TakeDiagonals(int operand)
    {
        (Tensor x, int[] list) = (operands[operand], labels[operand]);
        while (list.GroupBy(static label => label).FirstOrDefault(static g => g.Count() > 1) is { Key: var twice })
        {
            int first = Array.IndexOf(list, twice), second = Array.LastIndexOf(list, twice);
            if (x.ConcreteShape[first] != x.ConcreteShape[second])
                throw new ShapeMismatchException($"Einsum: operand {operand} of {equation.Text} is {operands[operand].ConcreteShape}; {equation.Written(twice)} names axes of sizes {x.ConcreteShape[first]} and {x.ConcreteShape[second]}, which have no diagonal.");
            int[] rest = [.. Enumerable.Range(0, list.Length).Where(axis => axis != first && axis != second)];
            x = x.Transpose([.. rest, first, second]).Diagonal();
            list = [.. rest.Select(axis => list[axis]), twice];
        }
        (operands[operand], labels[operand]) = (x, list);
    }

    private void RequireSizes()
    {
        var sizes = new Dictionary<int, (long Size, int Operand)>();
        for (int i = 0; i < operands.Length; i++)
        {
            for (int axis = 0; axis < labels[i].Length; axis++)
            {
                int label = labels[i][axis];
                long size = operands[i].ConcreteShape[axis];
                if (label < 0 && size == 1) continue;
                if (!sizes.TryAdd(label, (size, i)) && sizes[label].Size != size)
                    throw new ShapeMismatchException($"Einsum: in {equation.Text} {equation.Written(Math.Max(label, EinsumEquation.Ellipsis))} has size {sizes[label].Size} in operand {sizes[label].Operand} and {size} in operand {i}.");
            }
        }
    }

    private static (Tensor Tensor, int[] Labels) SumOut(Tensor x, int[] list, HashSet<int> kept)
    {
        int[] gone = [.. Enumerable.Range(0, list.Length).Where(axis => !kept.Contains(list[axis]))];
        return gone.Length == 0 ? (x, list) : (x.Sum(gone), [.. list.Where(kept.Contains)]);
    }

    private static (Tensor, int[]) Multiply((Tensor Tensor, int[] Labels) a, (Tensor Tensor, int[] Labels) b, HashSet<int> needed)
    {
        int[] both = [.. a.Labels.Intersect(b.Labels)], batch = [.. both.Where(needed.Contains)], summed = [.. both.Except(batch)];
        int[] left = [.. a.Labels.Except(both)], right = [.. b.Labels.Except(both)];
        Tensor x = Ordered(a, [.. batch, .. left, .. summed]), y = Ordered(b, [.. batch, .. summed, .. right]);
        Shape rows = x.Shape[batch.Length..(batch.Length + left.Length)], columns = y.Shape[(batch.Length + summed.Length)..];
        // Axes of an ellipsis may be 1 in one of the two.
        Shape shared = Shape.Broadcast(x.Shape[..batch.Length], y.Shape[..batch.Length]), inner = Shape.Broadcast(x.Shape[(batch.Length + left.Length)..], y.Shape[batch.Length..(batch.Length + summed.Length)]);
        int[] labels = [.. batch, .. left, .. right];
        if (summed.Length == 0)
        {
            Tensor product = x.Reshape([.. x.Shape, .. Enumerable.Repeat((Dim)1, right.Length)]) * y.Reshape([.. y.Shape[..batch.Length], .. Enumerable.Repeat((Dim)1, left.Length), .. columns]);
            return (product, labels);
        }
        x = x.BroadcastTo([.. shared, .. rows, .. inner]).Reshape([shared.ElementCount, rows.ElementCount, inner.ElementCount]);
        y = y.BroadcastTo([.. shared, .. inner, .. columns]).Reshape([shared.ElementCount, inner.ElementCount, columns.ElementCount]);
        return (x.MatMul(y).Reshape([.. shared, .. rows, .. columns]), labels);
    }

    private static Tensor Ordered((Tensor Tensor, int[] Labels) x, int[] order) => x.Tensor.Transpose([.. order.Select(label => Array.IndexOf(x.Labels, label))]);
}
