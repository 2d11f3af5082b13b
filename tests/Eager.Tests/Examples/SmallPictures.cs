using System.Buffers.Binary;

namespace Eager.Tests.Examples;

/// <summary>Makes small data in MNIST's file format: pictures of noise in which each class brightens a part of its own.</summary>
internal static class SmallPictures
{
    private const int Side = 8;

    /// <summary>Writes the pictures and labels of one part, such as <c>train</c>.</summary>
    internal static void Write(string folder, string part, int count, int seed)
    {
        var random = new Random(seed);
        byte[] images = new byte[16 + (count * Side * Side)], labels = new byte[8 + count];
        Header(images, 0x803, count, Side, Side);
        Header(labels, 0x801, count);
        random.NextBytes(images.AsSpan(16));
        for (int i = 0; i < count; i++)
        {
            int label = random.Next(10);
            labels[8 + i] = (byte)label;
            Span<byte> picture = images.AsSpan(16 + (i * Side * Side), Side * Side);
            for (int pixel = 0; pixel < picture.Length; pixel++) picture[pixel] = (byte)((picture[pixel] / 3) + (pixel / 6 == label ? 150 : 0));
        }
        File.WriteAllBytes(Path.Combine(folder, $"{part}-images-idx3-ubyte"), images);
        File.WriteAllBytes(Path.Combine(folder, $"{part}-labels-idx1-ubyte"), labels);
    }

    private static void Header(byte[] file, params int[] numbers)
    {
        for (int i = 0; i < numbers.Length; i++) BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(4 * i), numbers[i]);
    }
}
