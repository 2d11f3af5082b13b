using System.Runtime.InteropServices;

namespace Eager.Autograd;

/// <summary>Casts the inputs of operations for an <see cref="Autocast"/>; observers around it see the casts and the operations on what they gave.</summary>
internal sealed class PrecisionTransform(Autocast scope) : Observer
{
    // PyTorch 1.13, aten/src/ATen/autocast_mode.cpp: lower_precision_fp of CPU and CUDA are the heavy operations. These are fp32
    // of both and all reductions, and the library's own forms of what PyTorch composes of them.
    private static readonly HashSet<Op> Precise =
    [
        ReductionOps.Sum, ReductionOps.Mean, ReductionOps.Prod, ReductionOps.LogSumExp, StatisticsOps.Variance, StatisticsOps.StandardDeviation, StatisticsOps.Norm,
        CumulativeOps.CumSum, CumulativeOps.CumProd, CumulativeOps.LogCumSumExp, QuantileOps.Mode,
        ActivationOps.Softmax, ActivationOps.LogSoftmax, ActivationOps.Softplus, ActivationOps.LogSigmoid, CrossEntropyOps.Sparse, CrossEntropyOps.Sigmoid,
        NormalizationOps.BatchNorm, NormalizationOps.LayerNorm, NormalizationOps.GroupNorm,
        ElementwiseOps.Exp, ElementwiseOps.Exp2, ElementwiseOps.Expm1, ElementwiseOps.Log, ElementwiseOps.Log1p, ElementwiseOps.Log2, ElementwiseOps.Log10,
        ElementwiseOps.Reciprocal, ElementwiseOps.Rsqrt, ElementwiseOps.Tan, ElementwiseOps.Asin, ElementwiseOps.Acos, ElementwiseOps.Sinh, ElementwiseOps.Cosh, ElementwiseOps.ErfInverse,
        ArithmeticOps.Pow, BinaryFunctionOps.LogAddExp, BinaryFunctionOps.LogAddExp2,
    ];

    private readonly Dictionary<Variable, (Tensor Cast, int Version)> casts = [];

    internal override bool StaysInnermost => true;

    internal override bool IsRecording => false;

    internal override bool CastsInputs => true;

    internal override bool Transforms(Op op, ReadOnlySpan<Tensor> inputs)
    {
        if (Autocast.Current != scope || scope.DType == DType.Float32 || op.Effect == Effect.Mutates || op == ShapingOps.Cast) return false;
        (bool anyLow, bool anyFull) = Dtypes(inputs);
        return HeavyOps.All.Contains(op) ? anyFull : Precise.Contains(op) ? anyLow : anyLow && anyFull;
    }

    internal override Tensor[] Transform(Op op, object attributes, ReadOnlySpan<Tensor> inputs)
    {
        using var temporaries = Temporaries.Begin();
        DType wanted = HeavyOps.All.Contains(op) && HasKernel(attributes, inputs[0].Device) ? scope.DType : DType.Float32;
        var cast = new Tensor[inputs.Length];
        for (int i = 0; i < cast.Length; i++) cast[i] = IsEither(inputs[i]) && inputs[i].DType != wanted ? CastOf(inputs[i], wanted) : inputs[i];
        Tensor[] outputs = op.Run(cast, attributes);
        foreach (Tensor output in outputs) temporaries.Keep(output);
        return outputs;
    }

    internal override ulong Follow(Op op, ReadOnlySpan<Tensor> inputs) => 0;

    internal override void Record(Op op, object attributes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ulong followed)
    {
    }

    /// <summary>Frees the casts of variables.</summary>
    internal void Forget()
    {
        foreach ((Tensor cast, _) in casts.Values) cast.Dispose();
        casts.Clear();
    }

    // LibTorch has no transposed convolution of bfloat16 on the CPU.
    private static bool HasKernel(object attributes, Device device) => attributes is not ConvolutionOps.Attributes { Transposed: true } || device.Type != DeviceType.Cpu;

    private (bool AnyLow, bool AnyFull) Dtypes(ReadOnlySpan<Tensor> inputs)
    {
        bool anyLow = false, anyFull = false;
        foreach (Tensor input in inputs)
        {
            if (!IsEither(input)) continue;
            if (input.DType == DType.Float32) anyFull = true;
            else anyLow = true;
        }
        return (anyLow, anyFull);
    }

    // Float16 is for CUDA tensors alone.
    private bool IsEither(Tensor tensor) =>
        (tensor.DType == DType.Float32 || tensor.DType == scope.DType) && (scope.DType != DType.Float16 || tensor.Device.Type == DeviceType.Cuda);

    private Tensor CastOf(Tensor tensor, DType wanted)
    {
        if (tensor is not Variable variable) return tensor.Cast(wanted);
        int version = Volatile.Read(ref variable.Version!.Count);
        ref (Tensor Cast, int Version) kept = ref CollectionsMarshal.GetValueRefOrAddDefault(casts, variable, out bool known);
        if (known && kept.Version == version && (Outer?.Accounts(kept.Cast, variable) ?? true)) return kept.Cast;
        if (known) kept.Cast.Dispose();
        kept = (variable.Cast(wanted), version);
        Temporaries.Release(kept.Cast);  // it outlives the scope of the layer at hand
        return kept.Cast;
    }
}
