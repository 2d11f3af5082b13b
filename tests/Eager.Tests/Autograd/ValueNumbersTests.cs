using Eager.Autograd;
using NUnit.Framework;

namespace Eager.Tests.Autograd;

/// <summary>The numbers of a recording's values against a dictionary.</summary>
[TestFixture]
public class ValueNumbersTests
{
    [Test]
    public void Numbers_are_those_of_a_dictionary_from_one_recording_to_the_next()
    {
        var random = new Random(7);
        var numbers = new ValueNumbers();
        long next = 1;
        long[] variables = [.. Enumerable.Range(0, 6).Select(_ => next++)];
        // The values of a training: each recording begins with old variables, and what it makes is ever further from them.
        for (int recording = 0; recording < 400; recording++)
        {
            var expected = new Dictionary<long, int>();
            int made = recording % 50 == 49 ? 3000 : random.Next(1, 60);
            for (int i = 0; i < made; i++)
            {
                next += random.Next(50) == 0 ? random.Next(5000) : 1;
                foreach (long id in new[] { variables[random.Next(variables.Length)], next, next - random.Next(20) })
                {
                    int known = expected.GetValueOrDefault(id, -1);
                    Assert.That(numbers.Find(id), Is.EqualTo(known), $"id {id} in recording {recording}");
                    if (known < 0) expected[id] = known = expected.Count;
                    Assert.That(numbers.FindOrAdd(id), Is.EqualTo(known), $"id {id} in recording {recording}");
                    Assert.That(numbers.Find(id), Is.EqualTo(known), $"id {id} in recording {recording}");
                }
            }
            Assert.That(expected.All(pair => numbers.Find(pair.Key) == pair.Value));
            Assert.That(numbers.Count, Is.EqualTo(expected.Count));
            numbers.Clear();
            Assert.That(numbers.Find(variables[0]), Is.EqualTo(-1));
        }
    }
}
