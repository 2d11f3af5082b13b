namespace Eager.Tests.OpTable;

/// <summary>The forms that most rows share.</summary>
internal static class RowForms
{
    /// <summary>A function of one number, floating point alone.</summary>
    internal static OpRow Function(Op op, Func<Tensor, Tensor> call, Func<double, double> expect, double low, double high, params Sample[] more) =>
        new(op, x => call(x[0]), x => x[0].Map(expect)) { DTypes = Kinds.NoHalf, Samples = [.. Samples.Real(low, high), Samples.Special, .. more] };

    /// <summary>Such a function as a method composed of several operations.</summary>
    internal static OpRow Function(string method, Func<Tensor, Tensor> call, Func<double, double> expect, double low, double high, params Sample[] more) =>
        new(method, x => call(x[0]), x => x[0].Map(expect)) { DTypes = Kinds.NoHalf, Samples = [.. Samples.Real(low, high), .. more] };

    /// <summary>A function of one number of any of some dtypes.</summary>
    internal static OpRow Unary(Op op, Func<Tensor, Tensor> call, Func<double, double> expect, DType[] dtypes, Sample[] samples, Func<DType, DType>? output = null) =>
        new(op, x => call(x[0]), x => x[0].Map(expect)) { DTypes = dtypes, Samples = samples, OutputDType = output ?? (static d => d), Ulps = Tolerances.Rounded };

    /// <summary>A function of two numbers that broadcast.</summary>
    internal static OpRow Binary(Op op, Func<Tensor, Tensor, Tensor> call, Func<double, double, double> expect, DType[] dtypes, Sample[] samples, double ulps = Tolerances.Rounded) =>
        new(op, (x) => call(x[0], x[1]), x => x[0].Zip(x[1], expect)) { DTypes = dtypes, Samples = samples, Ulps = ulps };

    /// <summary>A comparison of two numbers that broadcast.</summary>
    internal static OpRow Comparison(Op op, Func<Tensor, Tensor, Tensor> call, Func<double, double, bool> expect) =>
        new(op, (x) => call(x[0], x[1]), x => x[0].Zip(x[1], (a, b) => expect(a, b) ? 1 : 0))
        {
            DTypes = Kinds.Real,
            OutputDType = static _ => DType.Bool,
            Samples = [.. Samples.RealPair(-2, 2, -2, 2), Samples.SpecialPair, .. Samples.IntegerPair, .. Samples.BoolPair],
        };

    /// <summary>Functions of one number checked far from where samples lie; no differences there.</summary>
    internal static Sample At(string name, params double[] points) => new(name, NArray.Vector(points)) { Smooth = false, For = Kinds.Wide };
}
