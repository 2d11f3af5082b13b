#:project ../Eager.Tensors/Eager.Tensors.csproj
#:property PublishAot=false
// What the built library says of itself; './eager doctor' runs it.
using Eager;

Fact("LibTorch in use", Runtime.LibTorchVersion);
foreach (Device device in Device.Available)
{
    DeviceProperties properties = device.Properties;
    Fact($"Device {device}", $"{properties.Name}{(properties.ComputeCapability is { } generation ? $", compute capability {generation}" : "")}, {properties.TotalMemory >> 20} MiB, {properties.Multiprocessors} processors");
}
if (!Runtime.HasCuda) Fact("Device cuda", WhyThereIsNone());
Fact("Kernel threads", $"{Runtime.KernelThreads}");
Fact("BLAS threads", Runtime.BlasThreads == 0 ? "this BLAS cannot tell" : $"{Runtime.BlasThreads}");
using (Tensor.Ones([1000])) Fact("Tensor allocator", $"caching, {Runtime.MemoryInUse} bytes in use for 4,000 asked for");

static void Fact(string name, string value) => Console.WriteLine($"  {name,-22} {value}");

static string WhyThereIsNone()
{
    try
    {
        return Device.Parse("cuda").ToString();
    }
    catch (DeviceException e)
    {
        return e.Message;
    }
}
