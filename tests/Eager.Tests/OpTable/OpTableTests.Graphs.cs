using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.OpTable;

/// <summary>Every operation in graphs that are built by hand.</summary>
public partial class OpTableTests
{
    // Methods that read values, or make as many operations as an axis has places.
    private static readonly string[] ReadValues = ["MaskedScatter"];

    // Some sample needs the size of its first axis: as a number, to see that a matrix is square, or that two sizes meet.
    private static readonly string[] NeedSizes =
    [
        "Affine", "Cholesky", "CholeskySolve", "Cross", "Determinant", "Diff", "IndexAdd", "IndexCopy", "Inverse", "IsIn", "KthValue", "MatMul", "MatrixExp",
        "MaxWithIndices", "Median", "MinWithIndices", "Mode", "NanMedian", "NanQuantile", "PseudoInverse", "Quantile", "Reshape", "SlogDet", "Solve", "SolveTriangular",
        "Squeeze", "TensorDot", "TopK",
    ];

    [TestCaseSource(nameof(RowsWithInputs))]
    public void A_graph_gives_what_the_operation_gives(OpRow row) => CompareWithGraph(row, ReadValues, static x => x.ConcreteShape);

    [TestCaseSource(nameof(RowsWithInputs))]
    public void A_graph_with_an_unknown_first_axis_gives_the_same_or_refuses(OpRow row)
    {
        var symbols = new Dictionary<long, Dim>();  // equal sizes are one unknown, as a batch is
        CompareWithGraph(row, [.. ReadValues, .. NeedSizes], x =>
        {
            if (x.Rank == 0) return x.ConcreteShape;
            long size = x.ConcreteShape[0];
            return x.ConcreteShape.With(0, symbols.TryGetValue(size, out Dim known) ? known : symbols[size] = Dim.Unknown);
        });
    }

    [TestCaseSource(nameof(RowsWithInputs))]
    public void A_graph_with_unknown_sizes_gives_the_same_or_refuses(OpRow row) =>
        CompareWithGraph(row, null, static x => [.. Enumerable.Repeat(0, x.Rank).Select(static _ => Dim.Unknown)]);

    private static void CompareWithGraph(OpRow row, string[]? refusing, Func<Tensor, Shape> open)
    {
        DType dtype = row.DTypes.Contains(DType.Float64) ? DType.Float64 : row.DTypes[0];
        foreach (Sample sample in row.SamplesOf(dtype))
        {
            Tensor[] x = Inputs(sample, dtype, TensorData.Make);
            Tensor[] expected = row.Run(sample, x, dtype);
            var graph = new Graph(row.Name);
            var feeds = new Feeds();
            Tensor[] fetches;
            using (graph.AsDefault())
            {
                var placeholders = new Tensor[x.Length];
                for (int i = 0; i < x.Length; i++) feeds[placeholders[i] = graph.Placeholder(open(x[i]), x[i].DType)] = x[i];
                try
                {
                    fetches = row.Run(sample, placeholders, dtype);
                }
                catch (EagerException e) when (refusing is null || refusing.Contains(row.Name))
                {
                    Assert.That(e.Message, Is.Not.Empty);
                    continue;
                }
            }
            Tensor[] got = graph.Run(fetches, feeds);
            for (int i = 0; i < got.Length; i++)
            {
                Assert.That((got[i].DType, got[i].ConcreteShape), Is.EqualTo((expected[i].DType, expected[i].ConcreteShape)), $"output {i} of {sample}");
                Assert.That(TensorData.Read(got[i]), Is.EqualTo(TensorData.Read(expected[i])), $"output {i} of {sample}");
            }
        }
    }
}
