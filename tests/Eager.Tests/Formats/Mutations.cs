using NUnit.Framework;

namespace Eager.Tests.Formats;

/// <summary>Damages a valid file in many seeded ways and checks that its reader stays civil and modest.</summary>
internal static class Mutations
{
    /// <summary>Numbers that headers are made to lie with.</summary>
    private static readonly byte[] Extremes = [0x00, 0x01, 0x7F, 0x80, 0xFF];

    /// <summary>What tensors may hold at once: far above those that wait for the collector, far below what a lying header asks for.</summary>
    private const long MaxTensorBytes = 256 << 20;

    /// <summary>Runs the reader over the mutants of a file: each is read or refused with an <see cref="EagerException"/>, within a bound of memory.</summary>
    /// <param name="valid">A file that the reader accepts.</param>
    /// <param name="read">The reader, run to the end.</param>
    /// <param name="maxAllocatedBytes">What reading one mutant may allocate; far above the file, far below what a lying header asks for.</param>
    /// <param name="refusedShare">The share of mutants that must be refused at least, or the test would show nothing.</param>
    /// <param name="rounds">How many mutants to make.</param>
    public static void Check(byte[] valid, Action<byte[]> read, long maxAllocatedBytes, double refusedShare = 0.5, int rounds = 10_000)
    {
        read(valid);
        var random = new System.Random(20240917);
        int refused = 0;
        long peak = Math.Max(Runtime.PeakMemory, Runtime.MemoryInUse + MaxTensorBytes);
        for (int round = 0; round < rounds; round++)
        {
            byte[] mutant = Mutate(valid, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(mutant);
            }
            catch (EagerException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"Round {round}: {e.GetType().Name}: {e.Message} for {Convert.ToHexString(mutant)}");
            }
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.That(allocated, Is.LessThan(maxAllocatedBytes), () => $"Round {round}: {Convert.ToHexString(mutant)}");
        }
        Assert.That(Runtime.PeakMemory, Is.LessThanOrEqualTo(peak), "a header that lied got its memory");
        Assert.That(refused, Is.GreaterThan(rounds * refusedShare), "the mutations hardly ever damage the file");
    }

    private static byte[] Mutate(byte[] valid, System.Random random)
    {
        byte[] mutant = [.. valid];
        int changes = random.Next(1, 5);
        for (int i = 0; i < changes; i++)
        {
            int at = random.Next(mutant.Length);
            switch (random.Next(6))
            {
                case 0: mutant[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: mutant[at] = (byte)random.Next(256); break;
                case 2: mutant[at] = Extremes[random.Next(Extremes.Length)]; break;
                case 3: mutant.AsSpan(at, Math.Min(random.Next(1, 9), mutant.Length - at)).Fill(Extremes[random.Next(Extremes.Length)]); break;
                case 4: mutant = [.. mutant[..at], .. mutant[random.Next(mutant.Length)..]]; break;
                default: mutant = [.. mutant[..at], .. mutant[random.Next(at + 1)..]]; break;
            }
            if (mutant.Length == 0) return mutant;
        }
        return mutant;
    }
}
