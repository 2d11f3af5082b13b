namespace Eager.Autograd;

/// <summary>Stands for one slice of a batch, any of them, while <c>Vmap</c> runs a function; it holds all of them, the batch as axis 0.</summary>
internal sealed class BatchedTensor : Tensor
{
    private readonly Tensor all;

    private BatchedTensor(BatchAxis axis, Tensor all, long id) : base(all, all.DType, all.ConcreteShape[1..], id) => (Axis, this.all) = (axis, all);

    /// <summary>The batch that it belongs to.</summary>
    internal BatchAxis Axis { get; }

    internal override Tensor Holder => all;

    internal override Tensor AllSlices => all;

    /// <summary>Hides axis 0 of a tensor, which the new one owns from then on.</summary>
    internal static BatchedTensor Wrap(BatchAxis axis, Tensor all) => Registered(new(axis, all, id: 0));

    internal override Tensor Alias(bool sameIdentity = true) => Registered(new(Axis, all.Alias(sameIdentity), sameIdentity ? Id : 0));

    internal override Tensor AliasUnscoped(long id = 0) => new BatchedTensor(Axis, all.AliasUnscoped(), id != 0 ? id : Id);

    private static BatchedTensor Registered(BatchedTensor tensor)
    {
        tensor.JoinScope();
        return tensor;
    }
}
