using System.Reflection;
using Eager.Autograd;
using Eager.Tests.Autograd;
using Eager.Tests.Ops;
using Eager.Tests.Tensors;
using Eager.Tests.Training;
using Eager.Train;

namespace Eager.Tests.OpTable;

/// <summary>Every operation that is declared and every row about one.</summary>
internal static class OpTable
{
    internal static readonly OpRow[] Rows =
    [
        .. ArithmeticRows.All,
        .. ComparisonRows.All,
        .. ElementwiseRows.All,
        .. BinaryFunctionRows.All,
        .. FloatingPointRows.All,
        .. SpecialFunctionRows.All,
        .. QuantizationRows.All,
        .. ActivationRows.All,
        .. ReductionRows.All,
        .. QuantileRows.All,
        .. CumulativeRows.All,
        .. LinearAlgebraRows.All,
        .. DecompositionRows.All,
        .. ShapingRows.All,
        .. JoiningRows.All,
        .. DiagonalRows.All,
        .. SortingRows.All,
        .. SlicingRows.All,
        .. IndexingRows.All,
        .. ScatteringRows.All,
        .. SearchingRows.All,
        .. CreationRows.All,
        .. CrossEntropyRows.All,
        .. ConvolutionRows.All,
        .. PoolingRows.All,
        .. ImageRows.All,
        .. NormalizationRows.All,
        .. EmbeddingRows.All,
    ];

    /// <summary>Operations that the table's checks do not fit, each with the tests that stand for them.</summary>
    internal static readonly Dictionary<Op, Type> TestedElsewhere = new()
    {
        [CustomOps.Custom] = typeof(CustomGradientTests),
        [CustomOps.Host] = typeof(CustomGradientTests),
        [IdentityOps.Identity] = typeof(FunctionDerivativeTests),
        [IdentityOps.StopGradient] = typeof(IdentityTests),
        [IdentityOps.ReverseGradient] = typeof(IdentityTests),
        [RandomOps.Normal] = typeof(RandomDrawTests),
        [RandomOps.Uniform] = typeof(RandomDrawTests),
        [ComplexOps.Complex] = typeof(ComplexTests),
        [ComplexOps.Real] = typeof(ComplexTests),
        [ComplexOps.Imag] = typeof(ComplexTests),
        [ComplexOps.Conj] = typeof(ComplexTests),
        [ComplexOps.Angle] = typeof(ComplexTests),
        [ComplexOps.Sign] = typeof(ComplexTests),
        [ComplexOps.ViewAsReal] = typeof(ComplexTests),
        [ComplexOps.ViewAsComplex] = typeof(ComplexTests),
        [FourierOps.Transform] = typeof(FourierTests),
        [FourierOps.RealTransform] = typeof(FourierTests),
        [FourierOps.InverseRealTransform] = typeof(FourierTests),
        [DistributionOps.Exponential] = typeof(DistributionTests),
        [DistributionOps.Gamma] = typeof(DistributionTests),
        [DistributionOps.GammaSlope] = typeof(DistributionTests),
        [DistributionOps.Dirichlet] = typeof(DistributionTests),
        [DistributionOps.DirichletSlope] = typeof(DistributionTests),
        [DistributionOps.Poisson] = typeof(DistributionTests),
        [DistributionOps.Binomial] = typeof(DistributionTests),
        [DropoutOps.Mask] = typeof(DropoutTests),
        [RandomOps.Bernoulli] = typeof(RandomDrawTests),
        [RandomOps.Permutation] = typeof(RandomDrawTests),
        [RandomOps.Categorical] = typeof(RandomDrawTests),
        [GatheringOps.NonZero] = typeof(GatheringTests),
        [DecompositionOps.Eig] = typeof(DecompositionTests),
        [SearchingOps.Unique] = typeof(SearchingTests),
        [SearchingOps.UniqueSlices] = typeof(SearchingTests),
        [SearchingOps.UniqueConsecutive] = typeof(SearchingTests),
        [SearchingOps.UniqueConsecutiveSlices] = typeof(SearchingTests),
        [VariableOps.Assign] = typeof(VariableTests),
        [VariableOps.AssignNewShape] = typeof(VariableShapeTests),
        [VariableOps.AssignAdd] = typeof(VariableTests),
        [VariableOps.AssignSub] = typeof(VariableTests),
        [VariableOps.AssignPart] = typeof(VariableTests),
        [Sgd.SgdUpdate] = typeof(OptimizerTests),
        [Adam.AdamUpdate] = typeof(OptimizerTests),
        [Adagrad.AdagradUpdate] = typeof(OptimizerTests),
        [Adadelta.AdadeltaUpdate] = typeof(OptimizerTests),
        [RmsProp.RmsPropUpdate] = typeof(OptimizerTests),
        [Ftrl.FtrlUpdate] = typeof(OptimizerTests),
        [Adamax.AdamaxUpdate] = typeof(OptimizerTests),
        [Nadam.NadamUpdate] = typeof(OptimizerTests),
        [Lion.LionUpdate] = typeof(OptimizerTests),
    };

    /// <summary>The libraries' static fields that hold operations.</summary>
    internal static IEnumerable<FieldInfo> Declarations =>
        from assembly in (string[])["Eager.Tensors", "Eager.Autograd", "Eager.Layers", "Eager.Losses", "Eager.Train"]
        from type in Assembly.Load(assembly).GetTypes()
        where !type.ContainsGenericParameters
        from declaration in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        where declaration.FieldType.IsAssignableTo(typeof(Op))
        select declaration;

    /// <summary>The operations that they hold.</summary>
    internal static IEnumerable<Op> Declared => Declarations.Select(static declaration => (Op)declaration.GetValue(null)!);
}
