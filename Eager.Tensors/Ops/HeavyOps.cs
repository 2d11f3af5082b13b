namespace Eager;

/// <summary>The operations in which a model's time goes: a product costs many times the reading of its result.</summary>
internal static class HeavyOps
{
    internal static readonly HashSet<Op> All = [LinearAlgebraOps.MatMul, LinearAlgebraOps.BatchMatMul, LinearAlgebraOps.Affine, ConvolutionOps.Convolution];
}
