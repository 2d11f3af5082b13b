using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

/// <summary>The numbers of a recording's tensors against a dictionary.</summary>
public sealed class ValueNumbersTests
{
    [Test]
    public void Ids_near_and_far_keep_their_numbers_from_recording_to_recording()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var numbers = new ValueNumbers();
            for (int recording = 0; recording < 4; recording++)
            {
                var expected = new Dictionary<long, int>();
                long first = random.Next(1_000_000), last = first;
                numbers.StartAt(first);
                int count = random.Next(1, 400);
                for (int i = 0; i < count; i++)
                {
                    long id = random.Next(4) switch
                    {
                        0 when expected.Count > 0 => expected.Keys.ElementAt(random.Next(expected.Count)),
                        1 => first - random.Next(1, 3000),
                        2 => first + random.Next(20_000),
                        _ => last += random.Next(1, 30),
                    };
                    if (!expected.TryGetValue(id, out int number)) expected.Add(id, number = expected.Count);
                    Assert.That(numbers.FindOrAdd(id), Is.EqualTo(number), $"seed {seed}, recording {recording}, id {id}");
                }
                foreach ((long id, int number) in expected) Assert.That(numbers.Find(id), Is.EqualTo(number));
                Assert.That(numbers.Count, Is.EqualTo(expected.Count));
                Assert.That(numbers.Find(first + 30_000), Is.EqualTo(-1));
                numbers.Clear();
                Assert.That(numbers.Find(first), Is.EqualTo(-1));
            }
        }
    }
}
