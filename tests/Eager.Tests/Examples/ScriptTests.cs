using NUnit.Framework;

namespace Eager.Tests.Examples;

/// <summary>The single-file programs print what their comments, and the documents that they stand for, promise.</summary>
public sealed class ScriptTests
{
    [Test]
    public void The_tour_computes_differentiates_trains_and_traces()
    {
        string[] lines = Run("tour.cs");
        Assert.Multiple(() =>
        {
            Assert.That(lines, Does.Contain("a + b = [11, 22, 13, 24] of shape [2, 2]"));
            Assert.That(lines, Does.Contain("a · b = [50, 110] of shape [2]"));
            Assert.That(lines, Has.Some.Contains("the inputs are of different dtypes (float32, int32); convert one with Cast."));
            Assert.That(lines, Does.Contain("slope 12, curvature 12"));
            Assert.That(lines, Does.Contain("y = 3.00x + 2.00"));
            Assert.That(lines, Does.Contain("  Add = Add(Multiply:0, c:0) -> float32 [?]"));
        });
    }

    [Test]
    public void The_programs_for_NumPy_users_print_the_documents_values()
    {
        string[] lines = Run("numpy-users.cs");
        Assert.Multiple(() =>
        {
            Assert.That(lines, Does.Contain("row sums [2. 2.] float32 [2]"));
            Assert.That(lines, Does.Contain("shape [2, 2], reshaped [[0. 0. 0. 0.]] float32 [1, 4]"));
            Assert.That(lines, Has.Some.EqualTo("[[6. 6.]").And.Some.EqualTo(" [6. 6.]] float32 [2, 2]"));
            Assert.That(lines, Does.Contain("m[0, 0] = 1, m[:, 0] = [1. 3.] float32 [2], m[0, :] = [1. 2.] float32 [2]"));
            Assert.That(lines, Has.Some.EqualTo("[[ 7. 10.]"));
            Assert.That(lines, Does.Contain("5 × 6 = 30"));
            Assert.That(lines, Does.Contain("variables weights, zeros, random of shapes [2, 2], [2, 2], [2, 2]; weights sums to 4"));
            Assert.That(lines, Does.Contain("counter 0 1 2"));
            Assert.That(lines, Does.Contain("product and sum [21, 7]"));
            Assert.That(lines, Does.Contain("an array of 3×3 zeros became a tensor of shape [3, 3] whose largest element is 0"));
            Assert.That(lines, Does.Contain("7 × 2 = [14.] float32 [1]"));
            Assert.That(lines, Has.Some.StartsWith("refused: ").And.Some.Contains("[1000, 1]"));
            // What 500 minibatches reach from other starts and orders, found with NumPy.
            double[] line = Numbers(lines.Single(static l => l.StartsWith("the sine's line")));
            Assert.That(line[0], Is.InRange(0.93, 1.0));
            Assert.That(line[1], Is.InRange(3.9, 5.5));
        });
    }

    [Test]
    public void The_programs_of_Effective_TensorFlow_print_the_documents_values()
    {
        string[] lines = Run("effective-tensorflow.cs");
        Assert.Multiple(() =>
        {
            Assert.That(lines, Does.Contain("a random product of shape [10, 10], float32"));
            double[] w = Numbers(lines.Single(static l => l.StartsWith("w = ")));
            Assert.That(w[0], Is.EqualTo(5).Within(0.05), "5x²; the shrinkage term takes a little");
            Assert.That(w[1], Is.EqualTo(0).Within(0.05));
            // Not yet 3: the same steps in NumPy end between 3.1 and 4.2, by the start.
            Assert.That(w[2], Is.InRange(3.0, 4.4));
            Assert.That(lines, Does.Contain("[4, 10, 32] fits [?, 10, 32]: True; collapsed [4, 320], in the graph [?, 320]"));
            Assert.That(lines, Has.Some.EqualTo("[[2. 3.]").And.Some.EqualTo(" [5. 6.]] float32 [2, 2]"));
            Assert.That(lines, Does.Contain("a sum that was meant to be 6: 12; over axis 0 it shows: [5. 7.] float32 [2]"));
            Assert.That(lines, Has.Some.StartsWith("refused: Add: ").And.Some.Contains("[2, 1]"), "ranks that differ, where they must agree");
            Assert.That(lines, Does.Contain("tile, concat and dense give [5, 3, 10], merge gives [5, 3, 10]"));
            Assert.That(lines, Does.Contain("a constant of shape [100]; a function of it: 328450"), "Σ i² + 100 for i below 100");
            Assert.That(lines, Does.Contain("a dataset gives 4 batches of at most 32"));
            Assert.That(lines, Has.Some.StartsWith("equal within rounding: True; "));
            Assert.That(lines, Does.Contain("1 + 2 = 3; then [assign, c] = [5, 3]"));
            Assert.That(lines, Does.Contain("cond 3, where [3 2] int32 [2]"));
            Assert.That(lines, Does.Contain("Fibonacci 5, all of them [1 1 2 3 5] int32 [5]"));
            Assert.That(lines, Does.Contain("a sum on cpu of shape [1000, 100]"));
            Assert.That(lines, Does.Contain("in parts equal to the whole: True"));
            Assert.That(lines, Does.Contain("[2, 4] and [10, 2, 4]"));
            Assert.That(lines, Has.Some.StartsWith("refused: AssertRank").And.Some.StartsWith("refused: AssertPositive"));
            Assert.That(lines, Does.Contain("what holds comes back: [1. 2.] float32 [2]"));
            Assert.That(lines, Does.Contain("1e-50 is 0 and gives NaN; 1e39 is ∞ and gives NaN").Or.Contain("1e-50 is 0 and gives NaN; 1e39 is Infinity and gives NaN"));
            Assert.That(lines, Does.Contain("after 0 comes 1E-45, the largest is 3.4028235E+38"));
            Assert.That(lines, Does.Contain("softmax naive [nan  0.] float32 [2], stable [1. 0.] float32 [2]"));
            Assert.That(lines, Does.Contain("cross entropy naive ∞, stable 500").Or.Contain("cross entropy naive Infinity, stable 500"));
            Assert.That(lines, Does.Contain("its gradient [ 0.5 -0.5] float32 [2]"));
            Assert.That(lines, Does.Contain("leaky relu [-0.2  3. ] float32 [2], entropy of evens 1.3863 = log 4"));
            Assert.That(lines, Has.Some.Contains("KL of N(1, 1) from N(0, 1) is 0.5"));
            // Of all sequences 1, end (0.5 · 0.6) is the likeliest and 2, end (0.3 · 0.8) the next.
            Assert.That(lines, Has.Some.Contains("with probability 0.300, then").And.Some.EndsWith("with 0.240"));
            Assert.That(lines, Does.Contain("static shape [?, 3], in full [2, 3]"));
            Assert.That(lines, Has.Some.EqualTo("normalized to mean 0.00 and deviation 1.00; the average went from 0 to 0.5"), "a tenth of 5");
        });
    }

    [Test]
    public void The_programs_of_the_introduction_print_the_documents_values()
    {
        string[] lines = Run("introduction-to-tensorflow.cs");
        Assert.Multiple(() =>
        {
            Assert.That(lines, Does.Contain("constant 5, int32 of shape []; 3 + 5 = 8"));
            Assert.That(lines.Count(static l => l.StartsWith("refused: Multiply: ")), Is.EqualTo(2));
            Assert.That(lines, Does.Contain("with a cast 5"));
            Assert.That(lines, Does.Contain("printed: [5]").And.Contain("after printing 5; printed 1 time"));
            Assert.That(lines, Does.Contain("y = 10.08276 = 10.08276"));
            Assert.That(lines, Does.Contain("5 + 10 = 15"));
            Assert.That(lines, Does.Contain("p + 1 = 3"));
            Assert.That(lines, Does.Contain("[5, 10] fits [?, 10]: True; [5, 15]: False"));
            Assert.That(lines, Does.Contain("1 + [1, 2, 3] = [2 3 4] int32 [3]"));
            Assert.That(lines, Does.Contain("cross entropy of four equal guesses: by hand 1.3863, fused 1.3863 = log 4"));
            Assert.That(lines, Does.Contain("accuracy above 0.9 after 300 steps: True"));
            Assert.That(lines, Has.Some.StartsWith("dropout leaves 0 and 4, mean 1.0"), "kept with probability 1/4: 4 on average a quarter of the time");
            Assert.That(lines, Does.Contain("convolution [1, 4, 4, 2], pooled [1, 2, 2, 1] with [ 5.  7. 13. 15.] float32 [4]"));
            Assert.That(lines, Does.Contain("mean over axis 0 of [100, 10] has shape [10]"));
        });
    }

    [Test]
    public void The_programs_of_the_lecture_print_its_values()
    {
        string[] lines = Run("learning-systems.cs");
        Assert.Multiple(() =>
        {
            Assert.That(lines, Does.Contain("2 + 3 = 5"));
            Assert.That(lines, Does.Contain("traced 5, by Add:0"));
            Assert.That(lines, Has.Some.EqualTo("[[ 4  6]").And.Some.EqualTo(" [ 8 10]] int32 [2, 2]"));
            Assert.That(lines, Does.Contain("[1, 2, 3] + 5 = [6 7 8] int32 [3]"));
            Assert.That(lines, Has.Some.StartsWith("refused: ").And.Some.Contains("'B'"));
            Assert.That(lines, Does.Contain("relu(xW + b): [100, 784] -> [100, 100], nothing below 0"));
            Assert.That(lines, Does.Contain("a logistic model of 784 inputs and 10 classes has 7850 parameters"));
            Assert.That(lines, Does.Contain("60,000 images in batches of 100 make 600 iterations an epoch"));
        });
    }

    [Test]
    public void Graphs_have_the_documents_names_and_variables_are_found_by_theirs()
    {
        string[] lines = Run("graphs-and-scopes.cs");
        Assert.Multiple(() =>
        {
            Assert.That(lines, Does.Contain("Const = Const() -> int32 []; its graph is the function's: True; 0 + 5 = 5"));
            Assert.That(lines, Does.Contain("8 is Tensor(\"Add:0\", shape=(), dtype=int32)"));
            Assert.That(lines, Does.Contain("Tensor(\"MatMul:0\", shape=(10, 10), dtype=float32)"));
            Assert.That(lines, Has.Some.EndsWith("_1:0 evaluates to zeros: True"), "the second of its kind");
            Assert.That(lines, Does.Contain("[5, 8]; A 5, B 8; x = 13"));
            Assert.That(lines, Has.Some.StartsWith("(2·5 + 1)·2·5 = 110; the shared one ran 1 time, the unused ").And.Some.EndsWith(" 0 times"));
            Assert.That(lines.Single(static l => l.StartsWith("in the graph: ")).Split("Square"), Has.Length.EqualTo(2), "once");
            Assert.That(lines, Does.Contain("[?, 10] takes [5, 10]: True, [5, 15]: False"));
            Assert.That(lines, Does.Contain("[?, 10] and [5, null] are [5, 10]").And.Contain("[?, 128] with its first size set gives [32, 128]"));
            Assert.That(lines, Does.Contain("[4, 10, 32] collapsed is [4, 320], in the graph [?, 320]"));
            Assert.That(lines, Does.Contain("prefix/Add:0 prefix/inner/Add:0 prefix_1/Add:0"));
            Assert.That(lines, Does.Contain("S/a S/b"));
            Assert.That(lines.Count(static l => l.StartsWith("refused: ")), Is.EqualTo(3), "there already; no reuse within reuse; not there");
            Assert.That(lines, Does.Contain("with reuse it is found: S/a"));
            Assert.That(lines, Does.Contain("foo/bar/v"));
            Assert.That(lines.Single(static l => l.StartsWith("variables keep their names")), Does.Contain("S/Add").And.Contain("S/a").And.Contain("S_1/Add"));
            foreach (string way in (string[])["a template", "reuse", "auto reuse"]) Assert.That(lines, Does.Contain($"{way}: True, 1 variable"));
        });
    }

    [Test]
    public void Data_arrives_in_every_way_with_the_same_sum()
    {
        string[] lines = Run("feeding-data.cs");
        string[] ways = ["a constant", "a placeholder", "a host function", "a dataset", "a record file of 100 records"];
        Assert.Multiple(() =>
        {
            foreach (string way in ways) Assert.That(lines, Does.Contain($"{way}: 328450"), "Σ i² + 100 for i below 100");
            Assert.That(lines, Does.Contain("a pipeline: 10 batches of 300 rows, mean 0.4950"), "the mean of 0 to 99, over 100");
        });
    }

    [Test]
    public void Gradients_of_ones_own_are_checked()
    {
        string[] lines = Run("custom-gradients.cs");
        Assert.Multiple(() =>
        {
            Assert.That(lines, Does.Contain("relu on the host [0.  0.  0.3 2. ] float64 [4]"));
            Assert.That(lines, Does.Contain("its gradient is off by less than 1e-6: True"));
            Assert.That(lines, Has.Some.StartsWith("refused: Host: 'opaque' has no gradient"));
            Assert.That(lines, Does.Contain("by its own steps [0.5 nan] float64 [2], by ours [0.5 1. ] float64 [2]"));
            Assert.That(lines, Does.Contain("the square's slope at 3 within the scope 100, outside 6"));
            Assert.That(lines, Has.Some.StartsWith("refused: GradientCheck: order 1, 4 elements do not agree"));
        });
    }

    [Test]
    public void The_entropy_of_a_softmax_reaches_its_maximum_only_with_the_gradient_of_its_labels()
    {
        string[] lines = Run("softmax-entropy.cs");
        Assert.That(Numbers(lines[0])[0], Is.GreaterThan(0.06), "what the document measured was 0.06 to 0.1, from another start");
        Assert.That(lines[0], Does.Not.Contain("[0.2 0.2 0.2 0.2 0.2]"));
        Assert.That(lines[1..], Is.EqualTo(((string[])["by cross entropy", "by its formula"]).Select(static name =>
            $"{name}: gradient error 0.0000, softmax [0.2 0.2 0.2 0.2 0.2] float64 [5], entropy 1.6094 of 1.6094")));
    }

    [Test]
    public void Parts_of_a_batch_give_the_whole_and_its_gradient()
    {
        string[] lines = Run("in-parallel.cs");
        double[] w = Numbers(lines[0]);
        Assert.Multiple(() =>
        {
            Assert.That(w[0], Is.EqualTo(5).Within(0.05));
            Assert.That(w[1], Is.EqualTo(0).Within(0.05));
            // The constant learns slowest; the documents' run ends at 3.45, NumPy's between 3.1 and 4.2.
            Assert.That(w[2], Is.InRange(3.0, 4.4));
            Assert.That(lines, Does.Contain("2 parts give [10], equal to the whole: True").And.Contain("so are their gradients: True"));
        });
    }

    private static string[] Run(string script, params IEnumerable<string> arguments) => ScriptProgram.Lines(script, arguments);

    private static double[] Numbers(string line) => ScriptProgram.Numbers(line);
}
