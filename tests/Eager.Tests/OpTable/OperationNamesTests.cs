using System.Reflection;
using NUnit.Framework;

namespace Eager.Tests.OpTable;

/// <summary>That the operations which a tensor library is expected to have are there, under the names that this list fixes.</summary>
[Parallelizable(ParallelScope.All)]
public class OperationNamesTests
{
    private static readonly Dictionary<string, string> Families = new()
    {
        ["creation"] = "From FromArray Zeros Ones Full ZerosLike OnesLike FullLike Range LinSpace LogSpace OneHot Eye Meshgrid TrilIndices TriuIndices",
        ["shapes"] = "Reshape MergeAxes Transpose SwapAxes Squeeze ExpandDims Flatten Tile Repeat BroadcastTo Concat Stack Unstack Split Pad Flip Roll",
        ["parts"] = "Part Narrow Select",
        ["choice"] = "Gather GatherNd BatchGather Take TakeAlongAxis Scatter ScatterAdd ScatterNd ScatterNdAdd ScatterReduce IndexAdd IndexCopy IndexFill Where BooleanMask MaskedFill "
            + "MaskedScatter NonZero TopK KthValue Sort ArgSort Unique UniqueConsecutive SearchSorted Bucketize IsIn BinCount Histogram CumSum CumProd CumMax CumMin LogCumSumExp Diff Diag "
            + "Diagonal Tril Triu",
        ["operators"] = "op_Addition op_Subtraction op_Multiply op_Division op_Modulus op_BitwiseAnd op_BitwiseOr op_ExclusiveOr op_OnesComplement op_LeftShift op_RightShift op_UnaryNegation "
            + "op_UnaryPlus op_LessThan op_LessThanOrEqual op_GreaterThan op_GreaterThanOrEqual Equal NotEqual Pow FloorDivide MatMul",
        ["mathematics"] = "Abs Sign Exp Exp2 Expm1 Log Log2 Log10 Log1p Sqrt Rsqrt Square Pow Reciprocal Sin Cos Tan Asin Acos Atan Atan2 Sinh Cosh Tanh Asinh Acosh Atanh Sinc Erf Erfc ErfInverse "
            + "LogGamma Digamma Polygamma Floor Ceiling Round Truncate Frac Clip Maximum Minimum FMax FMin FloorDivide Remainder Fmod Hypot Gcd Lcm CopySign NextAfter Ldexp Frexp SignBit Heaviside "
            + "Lerp LogAddExp LogAddExp2 XLogY XLog1pY IsNaN IsInfinity IsFinite IsClose AllClose NanToNum LogicalAnd LogicalOr LogicalXor LogicalNot Complex Polar Real Imag Conj Angle Fft Ifft Rfft "
            + "Irfft Fft2 Ifft2 Fftn Ifftn Rfftn Irfftn FftShift IfftShift Cast",
        ["reductions"] = "Sum Mean Prod Max Min LogSumExp Any All ArgMax ArgMin MaxWithIndices MinWithIndices Variance StandardDeviation Moments Norm CountNonZero Median Quantile Mode NanSum NanMean "
            + "NanMedian NanQuantile",
        ["linear algebra"] = "MatMul Dot VectorDot Outer Inner Einsum TensorDot Kron Cross Trace Determinant SlogDet Inverse PseudoInverse Solve SolveTriangular LeastSquares Cholesky CholeskySolve LU QR "
            + "Svd SingularValues Eigh Eigvalsh Eig MatrixNorm FrobeniusNorm NuclearNorm MatrixPower MatrixExp MatrixRank ConditionNumber CDist Covariance Correlation",
        ["networks"] = "Relu Relu6 LeakyRelu PRelu Elu Selu Celu Gelu Silu Mish Softplus Softsign Sigmoid LogSigmoid HardSigmoid HardSwish HardTanh HardShrink SoftShrink Glu Softmax LogSoftmax "
            + "Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D MaxPool1D MaxPool2D MaxPool3D AvgPool1D AvgPool2D "
            + "AvgPool3D AdaptiveAvgPool1D AdaptiveAvgPool2D AdaptiveAvgPool3D AdaptiveMaxPool1D AdaptiveMaxPool2D AdaptiveMaxPool3D GlobalAvgPool GlobalMaxPool BatchNorm BatchNormInference LayerNorm "
            + "GroupNorm InstanceNorm RmsNorm Dropout Embedding SoftmaxCrossEntropy SparseSoftmaxCrossEntropy SigmoidCrossEntropy L2Loss Moments Resize PixelShuffle PixelUnshuffle",
        ["random numbers"] = "RandomNormal TruncatedNormal RandomUniform RandomGamma RandomExponential RandomPoisson RandomBinomial RandomDirichlet Bernoulli Categorical Shuffle RandomCrop "
            + "RandomPermutation RandomNormalLike RandomUniformLike",
        ["gradients"] = "StopGradient ReverseGradient",
    };

    private static IEnumerable<TestCaseData> Lists => Families.Select(static family => new TestCaseData((object)family.Value.Split(' ')).SetArgDisplayNames(family.Key));

    [TestCaseSource(nameof(Lists))]
    public void Every_operation_of_a_family_is_there(string[] names)
    {
        var members = typeof(Tensor).GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static).Select(static m => m.Name).ToHashSet();

        Assert.That(names.Where(name => !members.Contains(name)), Is.Empty);
        Assert.That(names, Is.Unique);
    }
}
