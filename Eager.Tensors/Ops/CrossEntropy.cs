using Eager.Interop;

namespace Eager;

public partial class Tensor
{
    /// <summary>
    /// −log softmax(logits) at each label, without overflow: logits [..., classes] and integer labels [...] → [...].
    /// </summary>
    /// <exception cref="InvalidArgumentException">A label is not in [0, classes); the message names it and its row.</exception>
    public static Tensor SparseSoftmaxCrossEntropy(Tensor labels, Tensor logits)
    {
        if (!labels.DType.IsInteger()) throw new DTypeMismatchException($"SparseSoftmaxCrossEntropy: the labels are {labels.DType.Name()}; give class numbers of an integer dtype, or use SoftmaxCrossEntropy for probabilities.");
        if (logits.Rank == 0 || labels.ConcreteShape != logits.ConcreteShape[..^1])
            throw new ShapeMismatchException($"SparseSoftmaxCrossEntropy: logits are {logits.ConcreteShape}, labels {labels.ConcreteShape}; they need shapes [..., classes] and [...], as in [n, classes] and [n].");
        using var scope = Temporaries.Begin();
        Tensor numbers = labels.Cast(DType.Int64);
        if (logits.Rank == 2) return scope.Keep(CrossEntropyOps.Sparse.ApplyMany([logits, numbers], default)[0]);
        Dim rows = labels.Shape.ElementCount;
        return scope.Keep(CrossEntropyOps.Sparse.ApplyMany([logits.Reshape([rows, logits.Shape[^1]]), numbers.Reshape([rows])], default)[0].Reshape(labels.Shape));
    }

    /// <summary>
    /// −Σ labels·log softmax(logits) over the last axis, without overflow: labels are probabilities of the logits' shape.
    /// Gradients flow to both.
    /// </summary>
    public static Tensor SoftmaxCrossEntropy(Tensor labels, Tensor logits)
    {
        if (labels.ConcreteShape != logits.ConcreteShape)
            throw new ShapeMismatchException($"SoftmaxCrossEntropy: labels are {labels.ConcreteShape}, logits {logits.ConcreteShape}; the shapes must be equal. For class numbers use SparseSoftmaxCrossEntropy.");
        using var scope = Temporaries.Begin();
        return scope.Keep(-(labels * logits.LogSoftmax(-1)).Sum(-1));
    }

    /// <summary>−labels·log σ(logits) − (1 − labels)·log(1 − σ(logits)) of each element, without overflow. Gradients flow to both.</summary>
    /// <param name="labels">Probabilities of the logits' shape and dtype.</param>
    /// <param name="logits">Scores before the sigmoid, each a class of its own.</param>
    /// <exception cref="ShapeMismatchException">The shapes differ.</exception>
    public static Tensor SigmoidCrossEntropy(Tensor labels, Tensor logits)
    {
        if (labels.ConcreteShape != logits.ConcreteShape)
            throw new ShapeMismatchException($"SigmoidCrossEntropy: labels are {labels.ConcreteShape}, logits {logits.ConcreteShape}; the shapes must be equal.");
        return CrossEntropyOps.Sigmoid.Apply([logits, labels], default);
    }

    /// <summary>Half the sum of squares, Σx²/2, as a scalar; its gradient is x.</summary>
    public Tensor L2Loss()
    {
        Errors.RequireFloatingPoint(this, nameof(L2Loss));
        using var scope = Temporaries.Begin();
        return scope.Keep(Square().Sum() * 0.5);
    }
}

internal static class CrossEntropyOps
{
    // y = −log p at the label, p = softmax x; outputs y and p ⇒ dx = g·(p − e_label) + p·(h − Σh·p), h the gradient of p
    internal static readonly Op<None> Sparse = new("SparseSoftmaxCrossEntropy",
        static (x, in _) => Aten.sparse_cross_entropy(x[0], x[1]),
        static (x, in _) => [x[1], x[0]])
    {
        Accepts = Accepts.Any,
        FoldsBatch = true,
        JointKeeps = Keep.B | Keep.Output1,
        JointInputs = 1,
        Joint = static (g, in s, dx) =>
        {
            Tensor p = s.Outputs(1);
            Tensor? direct = g[0] is null ? null : SparseBackward!.Apply([g[0]!, p, s.B], default);
            Tensor? through = g[1] is null ? null : p * (g[1]! - (g[1]! * p).Sum(-1, keepDims: true));
            dx[0] = direct is null ? through : through is null ? direct : direct + through;
        },
    };

    // y = max(x, 0) − x·z + log(1 + e^−|x|) ⇒ dx = g·(σ(x) − z), dz = −g·x
    internal static readonly Op<None> Sigmoid = new("SigmoidCrossEntropy",
        static (x, in _) =>
        {
            using Tensor size = Aten.abs(x[0]), below = Aten.neg(size), rest = Aten.softplus(below, 1, 0);
            using Tensor positive = Aten.relu(x[0]), taken = Aten.mul_Tensor(x[0], x[1]), line = Aten.sub_Tensor(positive, taken, 1);
            return Aten.add_Tensor(line, rest, 1);
        },
        OpForms.SameShape)
    {
        Accepts = Accepts.Differentiable,
        Gradients =
        [
            new(Keep.A | Keep.B, static (g, in s) => g * (s.A.Sigmoid() - s.B)),
            new(Keep.A, static (g, in s) => -(g * s.A)),
        ],
    };

    // z = x·(p − e_label), x [n] a factor for each row ⇒ dx = Σg·(p − e_label), dp = x·g
    internal static readonly Op<None> SparseBackward = new("SparseSoftmaxCrossEntropyBackward",
        static (x, in _) => Aten.sparse_cross_entropy_backward(x[0], x[1], x[2]),
        static (x, in _) => x[1])
    {
        Accepts = Accepts.Any,
        FoldsBatch = true,
        Gradients =
        [
            new(Keep.B | Keep.C, static (g, in s) => (g * (s.B - Tensor.OneHot(s.C, (int)s.B.Shape[1].Value, s.B.DType))).Sum(-1)),
            new(Keep.A, static (g, in s) => s.A.ExpandDims(1) * g),
            Gradient<None>.None("labels are class numbers"),
        ],
    };
}
