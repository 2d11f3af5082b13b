using NUnit.Framework;

namespace Eager.Tests.Tensors;

public class StringArraysTests
{
    private static readonly string[,] Letters = { { "a", "b" }, { "c", "d" } };

    // The examples of TensorFlow's reduce_join.
    [Test]
    public void Strings_are_joined_along_axes_in_the_order_given()
    {
        Assert.That(StringArrays.ReduceJoin(Letters, [0]), Is.EqualTo(new[] { "ac", "bd" }));
        Assert.That(StringArrays.ReduceJoin(Letters, [1]), Is.EqualTo(new[] { "ab", "cd" }));
        Assert.That(StringArrays.ReduceJoin(Letters, [-2]), Is.EqualTo(new[] { "ac", "bd" }));
        Assert.That(StringArrays.ReduceJoin(Letters, [0], keepDims: true), Is.EqualTo(new[,] { { "ac", "bd" } }));
        Assert.That(StringArrays.ReduceJoin(Letters, [1], keepDims: true), Is.EqualTo(new[,] { { "ab" }, { "cd" } }));
        Assert.That(StringArrays.ReduceJoin(Letters, [0], separator: "."), Is.EqualTo(new[] { "a.c", "b.d" }));
        Assert.That(StringArrays.ReduceJoin(Letters, [0, 1]), Is.EqualTo(new[] { "acbd" }));
        Assert.That(StringArrays.ReduceJoin(Letters, [1, 0]), Is.EqualTo(new[] { "abcd" }));
        Assert.That(StringArrays.ReduceJoin(Letters, []), Is.EqualTo(Letters));
        Assert.That(StringArrays.ReduceJoin(Letters, "-"), Is.EqualTo("a-b-c-d"));
        Assert.That(StringArrays.ReduceJoin(new[,,] { { { "a" }, { "b" } }, { { "c" }, { "d" } } }, [1]), Is.EqualTo(new[,] { { "ab" }, { "cd" } }));
    }

    [Test]
    public void No_strings_join_to_empty_ones()
    {
        Assert.That(StringArrays.ReduceJoin(new string[0, 2], [0]), Is.EqualTo(new[] { "", "" }));
        Assert.That(StringArrays.ReduceJoin(new string[2, 0], [0]), Is.Empty);
    }

    [Test]
    public void Byte_strings_are_joined_as_strings_are()
    {
        byte[,][] letters = { { "a"u8.ToArray(), "b"u8.ToArray() }, { [], [0, 255] } };

        Assert.That(StringArrays.ReduceJoin(letters, [0]), Is.EqualTo(new byte[][] { [(byte)'a'], [(byte)'b', 0, 255] }));
        Assert.That(StringArrays.ReduceJoin(letters, [1], keepDims: true, separator: "é"), Is.EqualTo(new byte[,][] { { "aéb"u8.ToArray() }, { [0xC3, 0xA9, 0, 255] } }));
        Assert.That(StringArrays.ReduceJoin([[1, 2], [], [3]], "-"), Is.EqualTo(new byte[] { 1, 2, (byte)'-', (byte)'-', 3 }));
        Assert.That(StringArrays.ReduceJoin(Array.Empty<byte[]>()), Is.Empty);
    }

    [Test]
    public void A_missing_string_is_named()
    {
        Assert.That(() => StringArrays.ReduceJoin(new[] { "a", null }), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("ReduceJoin").And.Message.Contains("string 1"));
        Assert.That(() => StringArrays.ReduceJoin([[1], null!]), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("string 1"));
    }

    [Test]
    public void Bad_axes_and_elements_are_named()
    {
        Assert.That(() => StringArrays.ReduceJoin(Letters, [2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("ReduceJoin").And.Message.Contains("axis 2").And.Message.Contains("[2, 2]"));
        Assert.That(() => StringArrays.ReduceJoin(Letters, [0, -2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("twice"));
        Assert.That(() => StringArrays.ReduceJoin(new[] { 1, 2 }), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Int32"));
    }
}
