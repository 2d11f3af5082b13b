using Eager.Autograd;
using Eager.Tests.Tensors;
using NUnit.Framework;

namespace Eager.Tests.OpTable;

/// <summary>That the table is complete.</summary>
[Parallelizable(ParallelScope.All)]
public class OpTableCoverageTests
{
    [Test]
    public void Every_declared_operation_has_a_row()
    {
        var covered = OpTable.Rows.Select(static r => r.Op).Concat(OpTable.TestedElsewhere.Keys).ToHashSet();

        Assert.That(OpTable.Declared.Where(op => !covered.Contains(op)), Is.Empty, "add a row beside those of its family, or name the tests that stand for it in OpTable.TestedElsewhere");
        Assert.That(OpTable.Declared.ToList(), Has.Count.GreaterThan(80), "the search finds the declarations");
    }

    [Test]
    public void An_operation_is_not_declared_under_the_name_of_another()
    {
        Assert.That(OpTable.Declared.Distinct().Select(static op => op.Name), Is.Unique);
    }

    [Test]
    public void An_operation_has_its_row_or_tests_elsewhere_but_not_both()
    {
        Assert.That(OpTable.Rows.Select(static r => r.Op).Where(static op => op is not null && OpTable.TestedElsewhere.ContainsKey(op)), Is.Empty);
        Assert.That(OpTable.Rows.Select(static r => r.Name), Is.Unique);
        foreach (Type tests in OpTable.TestedElsewhere.Values)
            Assert.That(tests.GetMethods().Count(static m => m.IsDefined(typeof(TestAttribute), inherit: false)), Is.Positive, tests.Name);
    }

    [Test]
    public void A_search_without_rows_would_fail()
    {
        Op undeclared = OpForms.UnaryWithoutGradient("Undeclared", static x => x);

        Assert.That(OpTable.Rows.Select(static r => r.Op), Has.None.EqualTo(undeclared));
        Assert.That(OpTable.Declared, Does.Contain(ArithmeticOps.Add).And.Contain(VariableOps.Assign).And.None.EqualTo(undeclared));
    }

    // Where no row can check a rule by differences in float64, and what does.
    private static readonly Dictionary<(Op Op, int Input), string> CheckedElsewhere = new()
    {
        [(QuantizationOps.FakeQuantize, 0)] = $"the rule is not the derivative, which is zero almost everywhere; see {nameof(QuantizationTests)}.{nameof(QuantizationTests.The_gradient_of_fake_quantization_goes_straight_through_within_the_range)}",
        [(ShapingOps.Cast, 0)] = $"differences drown in a narrower dtype's rounding; see {nameof(ShapingTests)}.{nameof(ShapingTests.The_gradient_of_a_cast_is_cast_back)}",
    };

    [Test]
    public void Every_gradient_rule_is_checked_by_a_row_in_first_and_second_order()
    {
        var missing = new List<string>();
        foreach (Op op in OpTable.Declared.Where(static op => !OpTable.TestedElsewhere.ContainsKey(op)))
        {
            OpRow[] rows = [.. OpTable.Rows.Where(r => r.Op == op)];
            int inputs = rows.SelectMany(static r => r.Samples).Max(static s => s.Inputs.Length);
            HashSet<int> checkedInputs = [.. rows.SelectMany(static r => OpTableTests.GradientSamples(r).SelectMany(r.DifferentiableInputs))];
            for (int i = 0; i < inputs; i++)
                if (op.WhyNoGradient(i) is null && op.WhyGradientIsMissing(i) is null && !checkedInputs.Contains(i) && !CheckedElsewhere.ContainsKey((op, i)))
                    missing.Add($"{op.Name}, input {i}");
        }

        Assert.That(missing, Is.Empty, "give the operation's row a smooth float64 sample with that input");
    }

    [Test]
    public void Every_elementwise_operation_is_tried_on_special_numbers_and_broadcast()
    {
        // Those that copy or ignore elements, kernels that only gradient rules call, and numbers that are made of integers.
        Op[] exempt =
        [
            ShapingOps.Clone, ShapingOps.To, ShapingOps.Contiguous, CreationOps.FullLike, QuantizationOps.Dequantize,
            ActivationOps.ReluBackward, ActivationOps.SiluBackward, ActivationOps.GeluBackward, ActivationOps.MishBackward, ActivationOps.EluBackward,
        ];
        var missing = new List<string>();
        foreach (IGrouping<Op, OpRow> rows in OpTable.Rows.Where(r => r.Op is { Elementwise: true } && !exempt.Contains(r.Op)).GroupBy(static r => r.Op!))
        {
            Sample[] samples = [.. rows.SelectMany(static r => r.Samples).Where(static s => s.Inputs.Length > 0)];
            if (rows.Any(static r => r.DTypes.Any(static d => d.IsFloatingPoint())))
            {
                Require("NaN", samples.Any(static s => s.Inputs.Any(static a => a.Values.Any(double.IsNaN))));
                Require("infinity", samples.Any(static s => s.Inputs.Any(static a => a.Values.Any(double.IsInfinity))));
                Require("zero", samples.Any(static s => s.Inputs.Any(static a => a.Values.Contains(0))));
            }
            if (rows.Key.Broadcasts) Require("two shapes that broadcast", samples.Any(static s => s.Inputs.Select(static a => string.Join(',', a.Sizes)).Distinct().Count() > 1));

            void Require(string what, bool isThere)
            {
                if (!isThere) missing.Add($"{rows.Key.Name}: {what}");
            }
        }

        if (missing.Count > 0) Assert.Fail($"Add samples to the rows of {string.Join("; ", missing)}.");
    }

    [Test]
    public void The_table_lists_its_operations()
    {
        foreach (IGrouping<bool, OpRow> group in OpTable.Rows.GroupBy(static r => r.Op is null))
            TestContext.Out.WriteLine($"{(group.Key ? "Composed methods" : "Operations")} ({group.Count()}): {string.Join(", ", group.Select(static r => r.Name))}");
        int samples = OpTable.Rows.Sum(static r => r.DTypes.Sum(d => r.SamplesOf(d).Count()));
        TestContext.Out.WriteLine($"{OpTable.Declared.Count()} declared operations, {OpTable.Rows.Length} rows, {samples} samples over their dtypes.");

        Assert.That(samples, Is.GreaterThan(OpTable.Rows.Length));
    }
}
