#:project ../Eager.Tensors/Eager.Tensors.csproj
#:property PublishAot=false
// What the built library says of itself; './eager doctor' runs it.
using Eager;

Fact("LibTorch in use", Runtime.LibTorchVersion);
Fact("Devices", string.Join(", ", Device.Available));
Fact("Kernel threads", $"{Runtime.KernelThreads}");
Fact("BLAS threads", Runtime.BlasThreads == 0 ? "this BLAS cannot tell" : $"{Runtime.BlasThreads}");
using (Tensor.Ones([1000])) Fact("Tensor allocator", $"caching, {Runtime.MemoryInUse} bytes in use for 4,000 asked for");

static void Fact(string name, string value) => Console.WriteLine($"  {name,-22} {value}");
