namespace Eager;

/// <summary>The forms that most declarations share.</summary>
internal static class OpForms
{
    /// <summary>Elementwise on one floating-point tensor.</summary>
    internal static Op<None> Unary(string name, Func<Tensor, Tensor> kernel, Keep keeps, GradientRule<None> gradient) =>
        new(name, (x, in _) => kernel(x[0]), SameShape)
        {
            Accepts = Accepts.Floating,
            Elementwise = true,
            Gradients = [new(keeps, gradient)],
        };

    /// <summary>Elementwise on one floating-point or complex tensor, by an analytic function whose rule conjugates the factor.</summary>
    internal static Op<None> Analytic(string name, Func<Tensor, Tensor> kernel, Keep keeps, GradientRule<None> gradient) =>
        new(name, (x, in _) => kernel(x[0]), SameShape)
        {
            Accepts = Accepts.Differentiable,
            ComplexGradients = true,
            Gradients = [new(keeps, gradient)],
        };

    /// <summary>Elementwise on one tensor of any dtype, with a gradient of zero or none.</summary>
    internal static Op<None> UnaryWithoutGradient(string name, Func<Tensor, Tensor> kernel, Accepts accepts = Accepts.Any) =>
        new(name, (x, in _) => kernel(x[0]), SameShape) { Accepts = accepts, Elementwise = true };

    /// <summary>Elementwise on two floating-point tensors that broadcast, of one dtype.</summary>
    internal static Op<None> RealBinary(string name, Func<Tensor, Tensor, Tensor> kernel, Gradient<None> forA, Gradient<None> forB) =>
        new(name, (x, in _) => kernel(x[0], x[1]), BroadcastShape)
        {
            Accepts = Accepts.Floating,
            Broadcasts = true,
            Gradients = [forA, forB],
        };

    /// <summary>Elementwise on two tensors that broadcast, of one dtype, by an analytic function whose rules conjugate the factor.</summary>
    internal static Op<None> AnalyticBinary(string name, Func<Tensor, Tensor, Tensor> kernel, Gradient<None> forA, Gradient<None> forB) =>
        new(name, (x, in _) => kernel(x[0], x[1]), BroadcastShape)
        {
            Accepts = Accepts.Same,
            ComplexGradients = true,
            Broadcasts = true,
            Gradients = [forA, forB],
        };

    /// <summary>Elementwise on two tensors that broadcast, of one dtype.</summary>
    internal static Op<None> Binary(string name, Func<Tensor, Tensor, Tensor> kernel, Gradient<None> forA, Gradient<None> forB) =>
        new(name, (x, in _) => kernel(x[0], x[1]), BroadcastShape)
        {
            Accepts = Accepts.Same,
            Broadcasts = true,
            Gradients = [forA, forB],
        };

    /// <summary>Elementwise on two tensors that broadcast, of one dtype, with no gradient.</summary>
    internal static Op<None> BinaryWithoutGradient(string name, Func<Tensor, Tensor, Tensor> kernel, Accepts accepts = Accepts.Same) =>
        new(name, (x, in _) => kernel(x[0], x[1]), BroadcastShape) { Accepts = accepts, Broadcasts = true };

    internal static Shape SameShape(ReadOnlySpan<Shape> x, in None a) => x[0];

    internal static Shape BroadcastShape(ReadOnlySpan<Shape> x, in None a)
    {
        Shape shape = x[0];
        foreach (Shape other in x[1..]) shape = Shape.Broadcast(shape, other);
        return shape;
    }
}
