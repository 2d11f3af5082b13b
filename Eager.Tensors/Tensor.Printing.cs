namespace Eager;

public partial class Tensor
{
    /// <summary>The elements, dtype and shape, as NumPy prints an array.</summary>
    public override string ToString() => $"Tensor({DType.Name()}, {ConcreteShape})";
}
