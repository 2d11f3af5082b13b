using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>Einstein's notation against sums written out over all letters.</summary>
public class EinsumTests
{
    // Sums of at most 24 products of numbers up to 8.
    private const double Exact = 1e-12;

    private static Tensor Make(int seed, params int[] sizes) => OpTable.TensorData.Make(OpTable.Samples.Spread(seed, -2, 2, sizes), DType.Float64);

    // Every letter runs over its size; the product of all operands' elements is added where the result's letters point.
    private static double[] WrittenOut(string equation, params Tensor[] operands)
    {
        string[] sides = equation.Split("->"), lists = sides[0].Split(',');
        string letters = string.Concat(lists.SelectMany(static l => l).Distinct());
        int Size(char c) => (int)operands[Array.FindIndex(lists, l => l.Contains(c, StringComparison.Ordinal))].Shape[lists.First(l => l.Contains(c, StringComparison.Ordinal)).IndexOf(c, StringComparison.Ordinal)].Value;
        int[] sizes = [.. letters.Select(Size)], result = [.. sides[1].Select(Size)];
        OpTable.NArray[] arrays = [.. operands.Select(OpTable.TensorData.ReadArray)];
        var sums = new double[result.Aggregate(1, static (a, b) => a * b)];
        foreach (int[] at in OpTable.NArray.Indices(sizes))
        {
            int[] Of(string list) => [.. list.Select(c => at[letters.IndexOf(c, StringComparison.Ordinal)])];
            double product = lists.Select((l, i) => arrays[i][Of(l)]).Aggregate(1.0, static (a, b) => a * b);
            int flat = 0;
            foreach ((int index, int size) in Of(sides[1]).Zip(result)) flat = flat * size + index;
            sums[flat] += product;
        }
        return sums;
    }

    private static readonly object[] Equations =
    [
        new object[] { "ij,jk->ik", new[] { Make(1, 2, 3), Make(2, 3, 4) } },
        new object[] { "ij,jk->ki", new[] { Make(1, 2, 3), Make(2, 3, 4) } },
        new object[] { "ij,kj->ik", new[] { Make(1, 2, 3), Make(2, 4, 3) } },
        new object[] { "bij,bjk->bik", new[] { Make(1, 2, 2, 3), Make(2, 2, 3, 2) } },
        new object[] { "i,i->", new[] { Make(1, 3), Make(2, 3) } },
        new object[] { "i,j->ij", new[] { Make(1, 3), Make(2, 2) } },
        new object[] { "ij->ji", new[] { Make(1, 2, 3) } },
        new object[] { "ij->", new[] { Make(1, 2, 3) } },
        new object[] { "ij->j", new[] { Make(1, 2, 3) } },
        new object[] { "ii->", new[] { Make(1, 3, 3) } },
        new object[] { "ii->i", new[] { Make(1, 3, 3) } },
        new object[] { "iji->j", new[] { Make(1, 2, 3, 2) } },
        new object[] { "iij,ki->kj", new[] { Make(1, 2, 2, 3), Make(2, 2, 2) } },
        new object[] { "ij,ij->ij", new[] { Make(1, 2, 3), Make(2, 2, 3) } },
        new object[] { "ij,ij->i", new[] { Make(1, 2, 3), Make(2, 2, 3) } },
        new object[] { "ij,jk,kl->il", new[] { Make(1, 2, 3), Make(2, 3, 2), Make(3, 2, 2) } },
        new object[] { "ia,ib,ic->abc", new[] { Make(1, 2, 2), Make(2, 2, 2), Make(3, 2, 3) } },
        new object[] { "abc,ad->cd", new[] { Make(1, 2, 3, 2), Make(2, 2, 2) } },
        new object[] { "ij,kl->jl", new[] { Make(1, 2, 3), Make(2, 2, 2) } },
    ];

    [TestCaseSource(nameof(Equations))]
    public void Values_are_those_of_the_sum_written_out(string equation, Tensor[] operands)
    {
        Assert.That(Tensor.Einsum(equation, operands).ToArray<double>(), Is.EqualTo(WrittenOut(equation, operands)).Within(Exact));
        GradientCheck.Require(x => Tensor.Einsum(equation, x), operands);
        GradientCheck.Require(x => Tensor.Einsum(equation, x), operands, order: 2);
    }

    [Test]
    public void Without_an_arrow_letters_that_occur_once_come_out_in_alphabetical_order()
    {
        Tensor a = Make(1, 2, 3), b = Make(2, 3, 4);
        Assert.That(Tensor.Einsum("ij,jk", a, b).ToArray<double>(), Is.EqualTo(a.MatMul(b).ToArray<double>()).Within(Exact));
        Assert.That(Tensor.Einsum("ba", a).ToArray<double>(), Is.EqualTo(a.Transpose().ToArray<double>()));
        Assert.That(Tensor.Einsum("ii", Make(1, 2, 2)).Rank, Is.Zero);
    }

    [Test]
    public void An_ellipsis_broadcasts()
    {
        Tensor a = Make(1, 2, 1, 3, 2), b = Make(2, 4, 2, 3);
        Tensor y = Tensor.Einsum("...ij,...jk->...ik", a, b);
        Assert.That(y.Shape, Is.EqualTo(Shape.FromSizes(2, 4, 3, 3)));
        Assert.That(y.ToArray<double>(), Is.EqualTo(a.MatMul(b).ToArray<double>()).Within(Exact));
        Assert.That(Tensor.Einsum("...i->i...", Make(1, 2, 3, 4)).Shape, Is.EqualTo(Shape.FromSizes(4, 2, 3)));
        Assert.That(Tensor.Einsum("i...,i...", Make(1, 2, 3), Make(2, 2, 1)).Shape, Is.EqualTo(Shape.FromSizes(3)));
        Assert.That(Tensor.Einsum("...,...", Make(1, 2, 3), Make(2, 3)).Shape, Is.EqualTo(Shape.FromSizes(2, 3)));
        Assert.That(Tensor.Einsum("...i->i", Make(1, 2, 3)).ToArray<double>(), Is.EqualTo(Make(1, 2, 3).Sum(0).ToArray<double>()));
        GradientCheck.Require(static x => Tensor.Einsum("...i,...i->...", x), [Make(1, 2, 1, 2), Make(2, 3, 2)], order: 2);
    }

    [Test]
    public void Axes_may_be_numbers()
    {
        Tensor a = Make(1, 2, 3), b = Make(2, 3, 4);
        Assert.That(Tensor.Einsum([(a, [0, 7]), (b, [7, 2])], [2, 0]).ToArray<double>(), Is.EqualTo(Tensor.Einsum("ij,jk->ki", a, b).ToArray<double>()).Within(Exact));
        Assert.That(() => Tensor.Einsum([(a, [0, 1])], [3]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("names 3 in the result"));
        Assert.That(() => Tensor.Einsum([(a, [0, -1])], [0]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("-1 is no name"));
    }

    [TestCase("ij,jk->ik", "has 2 lists of letters before the arrow, but 1 tensors are given")]
    [TestCase("ij->i->j", "more than one arrow")]
    [TestCase("i1->i", "has '1', which is no letter")]
    [TestCase("ij->ii", "names i twice in the result")]
    [TestCase("ij->ik", "names k in the result, but in no operand")]
    [TestCase("i..j->ij", "has '.', which is no letter")]
    [TestCase("...i...->i", "two ellipses")]
    [TestCase("ij->i...", "names ... in the result, but in no operand")]
    public void A_malformed_equation_is_refused(string equation, string why)
    {
        Assert.That(() => Tensor.Einsum(equation, Make(1, 2, 3)), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains(why).And.Message.Contains(equation));
    }

    [Test]
    public void Shapes_that_do_not_fit_are_refused_with_the_letter()
    {
        Tensor a = Make(1, 2, 3);
        Assert.That(() => Tensor.Einsum("ijk->i", a), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("operand 0").And.Message.Contains("2 axes where 3 are named"));
        Assert.That(() => Tensor.Einsum("ij,jk->ik", a, a), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("j has size 3 in operand 0 and 2 in operand 1"));
        Assert.That(() => Tensor.Einsum("ii->i", a), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("i names axes of sizes 2 and 3"));
        Assert.That(() => Tensor.Einsum("...i,...i", a, Make(2, 4, 3)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("... has size 2 in operand 0 and 4 in operand 1"));
    }

    [Test]
    public void Nothing_is_left_but_the_result()
    {
        Tensor a = Make(1, 2, 3), b = Make(2, 3, 4);
        using var count = new WrapperCount();
        Tensor y = Tensor.Einsum("ij,jk->k", a, b);
        Assert.That(count.Beside([a, b, y]), Is.Zero);
    }
}
