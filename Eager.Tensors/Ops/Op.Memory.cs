namespace Eager;

/// <content>A run that had not enough memory.</content>
internal sealed partial class Op<TAttributes>
{
    private Tensor RunAfterCollecting(Kernel<TAttributes> run, ReadOnlySpan<Tensor> x, in TAttributes a, DeviceMemoryException e)
    {
        MakeRoom(e);
        try
        {
            return run(x, a);
        }
        catch (DeviceMemoryException again)
        {
            throw MemoryShortage.Describe(this, again);
        }
    }

    private Tensor[] RunAfterCollecting(ManyKernel<TAttributes> run, ReadOnlySpan<Tensor> x, in TAttributes a, DeviceMemoryException e)
    {
        MakeRoom(e);
        try
        {
            return run(x, a);
        }
        catch (DeviceMemoryException again)
        {
            throw MemoryShortage.Describe(this, again);
        }
    }

    private void MakeRoom(DeviceMemoryException e)
    {
        MemoryShortage.Collect(e.Device);
        // What changes its input may have changed part of it: done once more, it would count twice.
        if (Effect == Effect.Mutates) throw MemoryShortage.Describe(this, e);
    }
}
