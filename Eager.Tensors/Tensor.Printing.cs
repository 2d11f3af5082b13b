using Eager.Printing;

namespace Eager;

public partial class Tensor
{
    /// <summary>The elements as NumPy prints an array, then dtype, shape and, where it is not the CPU, device.</summary>
    /// <remarks>
    /// Of more than 1000 elements only three at each end of every axis are read and shown. Never throws: a disposed tensor and
    /// one inside a traced function are described without their elements.
    /// </remarks>
    public override string ToString()
    {
        try
        {
            ReadingValue(nameof(ToString));
            return $"{WrittenElements()} {Described(ConcreteShape)}";
        }
        catch (TracingException)
        {
            return $"{Described(Shape)}, without values while a function is traced";
        }
        catch (EagerException) when (IsDisposed)
        {
            return shape is null ? $"{((DType)dtype).Name()} of rank {rank}, disposed" : $"{((DType)dtype).Name()} {shape}, disposed";
        }
    }

    private protected virtual string WrittenElements() => Outside(ArrayText.Of, this);

    private protected virtual string Described(Shape known) => Device.Type == DeviceType.Cpu ? $"{DType.Name()} {known}" : $"{DType.Name()} {known} on {Device}";
}
