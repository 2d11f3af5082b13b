using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>The text of tensors; that of the elements is what NumPy 1.24 prints for the same array.</summary>
public class PrintingTests
{
    [TestCaseSource(nameof(Arrays))]
    public void Elements_are_printed_as_NumPy_does(Func<Tensor> make, string text)
    {
        Assert.That(make().ToString(), Is.EqualTo(text));
    }

    [Test]
    public void Bfloat16_shows_the_fewest_digits_that_tell_it_from_its_neighbours()
    {
        Assert.That(Tensor.From([0.1f, 3.1415927f]).Cast(DType.BFloat16).ToString(), Is.EqualTo("[0.1  3.14] bfloat16 [2]"));
    }

    [Test]
    public void A_view_is_printed_in_its_own_order()
    {
        Assert.That(Tensor.From([[1, 2], [3, 4]]).Transpose().ToString(), Is.EqualTo("[[1 3]\n [2 4]] int32 [2, 2]"));
    }

    [Test]
    public void A_disposed_tensor_is_described()
    {
        Tensor known = Tensor.From([1f, 2f]), unknown = Tensor.From([1f, 2f]);
        _ = known.Shape;
        known.Dispose();
        unknown.Dispose();
        Assert.That(known.ToString(), Is.EqualTo("float32 [2], disposed"));
        Assert.That(unknown.ToString(), Is.EqualTo("float32 of rank 1, disposed"));
    }

    [Test]
    public void Inside_a_trace_no_value_is_printed()
    {
        string? text = null;
        TracedFunction traced = Function.Trace(x =>
        {
            text = x.ToString();
            return x * 2;
        });
        traced.Call(Tensor.From([1f, 2f]));
        Assert.That(text, Does.StartWith("float32 [").And.EndsWith("], without values while a function is traced"));
    }

    [Test]
    public void Printing_is_not_recorded_and_leaves_nothing_behind()
    {
        using var tape = new GradientTape();
        Tensor x = Tensor.Ones([40, 50]);
        tape.Watch(x);
        using var scope = new TensorScope();

        _ = x.ToString();

        Assert.That(tape.OperationCount, Is.Zero);
        Assert.That(ThreadContext.Current.Scoped.Where(static t => !t.IsDisposed), Is.Empty);
    }

    private static IEnumerable<TestCaseData> Arrays()
    {
        yield return Case("A_matrix_of_floats", static () => Tensor.From([[1f, 2f], [3f, 4.5f]]), """
            [[1.  2. ]
             [3.  4.5]] float32 [2, 2]
            """);
        yield return Case("Negative_numbers", static () => Tensor.From([[-1.25f, 100f], [0f, 3f]]), """
            [[ -1.25 100.  ]
             [  0.     3.  ]] float32 [2, 2]
            """);
        yield return Case("At_most_eight_digits_behind_the_point", static () => Tensor.From([1.0 / 3, 2.0 / 3, 1]), "[0.33333333 0.66666667 1.        ] float64 [3]");
        yield return Case("Fewest_digits_of_float32", static () => Tensor.From([1f / 3, 2f / 3, 1]), "[0.33333334 0.6666667  1.        ] float32 [3]");
        yield return Case("Powers_of_ten_when_far_apart", static () => Tensor.From([1e-5f, 1f, 12345.678f]), "[9.9999997e-06 1.0000000e+00 1.2345678e+04] float32 [3]");
        yield return Case("Powers_of_ten_when_large", static () => Tensor.From([1e8, 2.5e8]), "[1.0e+08 2.5e+08] float64 [2]");
        yield return Case("Exponents_of_three_digits", static () => Tensor.From([1e-100, -1]), "[ 1.e-100 -1.e+000] float64 [2]");
        yield return Case("Numbers_that_are_none", static () => Tensor.From([float.NaN, float.NegativeInfinity, 1.5f]), "[ nan -inf  1.5] float32 [3]");
        yield return Case("Float16", static () => Tensor.From([(Half)0.1, (Half)2.75]), "[0.1  2.75] float16 [2]");
        yield return Case("Integers", static () => Tensor.From([[1L, -20L], [300L, 4L]]), """
            [[  1 -20]
             [300   4]] int64 [2, 2]
            """);
        yield return Case("Bools", static () => Tensor.From([true, false]), "[ True False] bool [2]");
        yield return Case("Complex_numbers", static () => Tensor.From([new Complex64(1, 2), new Complex64(-0.5f, -1.25f)]), "[ 1. +2.j   -0.5-1.25j] complex64 [2]");
        yield return Case("Rank_three", static () => Tensor.Range(8).Reshape([2, 2, 2]), """
            [[[0 1]
              [2 3]]

             [[4 5]
              [6 7]]] int64 [2, 2, 2]
            """);
        yield return Case("Lines_of_75_characters", static () => Tensor.Range(0, 45, 1.5), """
            [ 0.   1.5  3.   4.5  6.   7.5  9.  10.5 12.  13.5 15.  16.5 18.  19.5
             21.  22.5 24.  25.5 27.  28.5 30.  31.5 33.  34.5 36.  37.5 39.  40.5
             42.  43.5] float32 [30]
            """);
        yield return Case("A_thousand_elements_are_not_summarized", static () => Tensor.Zeros([1000], DType.UInt8), $"[{string.Join("\n ", Enumerable.Repeat(string.Join(' ', Enumerable.Repeat("0", 37)), 27))}\n 0] uint8 [1000]");
        yield return Case("More_are", static () => Tensor.Range(1001), "[   0    1    2 ...  998  999 1000] int64 [1001]");
        yield return Case("A_large_matrix", static () => Tensor.Range(0, 10000, dtype: DType.Float32).Reshape([100, 100]), """
            [[0.000e+00 1.000e+00 2.000e+00 ... 9.700e+01 9.800e+01 9.900e+01]
             [1.000e+02 1.010e+02 1.020e+02 ... 1.970e+02 1.980e+02 1.990e+02]
             [2.000e+02 2.010e+02 2.020e+02 ... 2.970e+02 2.980e+02 2.990e+02]
             ...
             [9.700e+03 9.701e+03 9.702e+03 ... 9.797e+03 9.798e+03 9.799e+03]
             [9.800e+03 9.801e+03 9.802e+03 ... 9.897e+03 9.898e+03 9.899e+03]
             [9.900e+03 9.901e+03 9.902e+03 ... 9.997e+03 9.998e+03 9.999e+03]] float32 [100, 100]
            """);
        yield return Case("No_elements", static () => Tensor.Zeros([0, 3]), "[] float32 [0, 3]");
        yield return Case("A_scalar", static () => Tensor.From(0.1f), "0.1 float32 []");
        yield return Case("A_small_scalar", static () => Tensor.From(1e-5f), "1e-05 float32 []");
        yield return Case("A_large_scalar", static () => Tensor.From(123456789f), "123456790.0 float32 []");
        yield return Case("A_truth_value", static () => Tensor.From(true), "True bool []");
    }

    private static TestCaseData Case(string name, Func<Tensor> make, string text) => new TestCaseData(make, text).SetArgDisplayNames(name);
}
