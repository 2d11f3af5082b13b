namespace Eager.Tests.OpTable;

/// <summary>What the table knows of one operation: how it is called, what it should give and where to try it.</summary>
public sealed class OpRow
{
    /// <summary>A row of a declared operation with one output.</summary>
    internal OpRow(Op op, Func<Tensor[], Tensor> call, Func<NArray[], NArray> expect)
        : this(op, op.Name, (x, _) => [call(x)], x => [expect(x)])
    {
    }

    /// <summary>A row of a method that is composed of several operations.</summary>
    internal OpRow(string method, Func<Tensor[], Tensor> call, Func<NArray[], NArray> expect)
        : this(null, method, (x, _) => [call(x)], x => [expect(x)])
    {
    }

    /// <summary>A row with several outputs, or whose call depends on the dtype under test.</summary>
    internal OpRow(Op? op, string name, Func<Tensor[], DType, Tensor[]> call, Func<NArray[], NArray[]> expect) =>
        (Op, Name, Call, Expect) = (op, name, call, expect);

    /// <summary>Null for a composed method.</summary>
    internal Op? Op { get; }

    internal string Name { get; }

    /// <summary>Calls the public method.</summary>
    internal Func<Tensor[], DType, Tensor[]> Call { get; }

    /// <summary>Computes what it should give, in plain C#.</summary>
    internal Func<NArray[], NArray[]> Expect { get; }

    /// <summary>Arguments; one of them at least for each dtype.</summary>
    internal Sample[] Samples { get; init; } = [];

    /// <summary>The dtypes that it takes; every other one is refused with an error that names it.</summary>
    internal DType[] DTypes { get; init; } = [];

    /// <summary>Dtypes for which LibTorch lacks a kernel that the gradient rule needs, so that asking for it fails.</summary>
    internal DType[] NoGradientFor { get; init; } = [];

    /// <summary>The output's dtype for the dtype under test.</summary>
    internal Func<DType, DType> OutputDType { get; init; } = static dtype => dtype;

    /// <summary>How many times the dtype's epsilon a result may be off, relative to itself. See <see cref="Tolerances"/>.</summary>
    internal double Ulps { get; init; } = Tolerances.Function;

    /// <summary>For results that may cancel: what the tolerance is relative to when it is larger than the result.</summary>
    internal double Scale { get; init; }

    /// <summary>The sample whose first axis is a batch, by name; the first one with that many rows unless given.</summary>
    internal string? Batch { get; init; }

    /// <summary>Why no sample has a batch axis.</summary>
    internal string? WhyNoBatch { get; init; }

    /// <summary>Arguments that it must refuse.</summary>
    internal Refusal[] Refusals { get; init; } = [];

    internal Tensor[] Run(Sample sample, Tensor[] x, DType dtype) => (sample.Call ?? Call)(x, dtype);

    internal NArray[] Reference(Sample sample, NArray[] x) => (sample.Expect ?? Expect)(x);

    internal IEnumerable<Sample> SamplesOf(DType dtype) => Samples.Where(s => s.For.Contains(dtype));

    /// <summary>The inputs whose gradient can be checked: of the dtype under test and with a rule.</summary>
    internal int[] DifferentiableInputs(Sample sample) =>
        [.. Enumerable.Range(0, sample.Inputs.Length).Where(i => sample.Inputs[i].DType is null && Op?.WhyNoGradient(i) is null && Op?.WhyGradientIsMissing(i) is null)];

    public override string ToString() => Name;
}

/// <summary>A call that must fail, and what its message must say.</summary>
internal sealed record Refusal(string Name, Action Call, Type Exception, params string[] Fragments)
{
    internal static Refusal Of<T>(string name, Action call, params string[] fragments) where T : EagerException => new(name, call, typeof(T), fragments);
}

/// <summary>How far a result may be from its reference, in epsilons of the dtype (an epsilon is one to two units in the last place).</summary>
internal static class Tolerances
{
    /// <summary>Correctly rounded: half a unit, and a little for the reference's own rounding from float64.</summary>
    internal const double Rounded = 0.51;

    /// <summary>Functions: LibTorch's vector library promises one unit, the reference's C library less than one, and methods composed of a few steps add theirs.</summary>
    internal const double Function = 4;

    /// <summary>float16 and bfloat16 kernels compute in float32 and round once at the end.</summary>
    internal static double For(DType dtype, double ulps) => dtype is DType.Float16 or DType.BFloat16 ? Math.Max(Rounded, ulps / Function) : ulps;
}
