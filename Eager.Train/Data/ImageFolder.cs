using System.Globalization;
using System.Text;

namespace Eager.Train;

/// <summary>Pictures in folders, one folder for each class, read as they are needed: PNG, and portable grey and pixel maps (PGM, PPM; binary, 8 bits).</summary>
public static class ImageFolder
{
    private static readonly string[] Extensions = [".png", ".pgm", ".ppm"];

    /// <summary>Lists the pictures of a folder; the folders within it are the classes, in the order of their names.</summary>
    /// <param name="folder">Holds a folder for each class.</param>
    /// <param name="channels">1 for grey, 3 for colours; pictures are converted to it, and opacity is left out.</param>
    /// <param name="parallelism">How many pictures are read at once.</param>
    /// <returns>Pairs of a picture, uint8 [height, width, channels], and its class, an int64 scalar; and the names of the classes.</returns>
    /// <exception cref="MissingFileException">The folder is not there, or holds no folder with pictures.</exception>
    /// <exception cref="InvalidArgumentException">The channels are neither 1 nor 3, or the parallelism is not positive.</exception>
    /// <remarks>Shuffling orders the files, so no more pictures than are needed are in memory. A damaged picture is a <see cref="DatasetException"/> that names its element, raised when the enumeration gets there.</remarks>
    public static (Dataset<(Tensor Image, Tensor Label)> Images, IReadOnlyList<string> ClassNames) Load(string folder, int channels = 3, int parallelism = 1)
    {
        if (channels is not (1 or 3)) throw new InvalidArgumentException($"ImageFolder.Load: {channels} channels were asked for; give 1 for grey or 3 for colours.");
        var files = new List<(string Path, long Label)>();
        string[] names;
        try
        {
            names = [.. Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
            for (int label = 0; label < names.Length; label++)
            {
                files.AddRange(Directory.GetFiles(Path.Combine(folder, names[label])).Where(path => Extensions.Contains(Path.GetExtension(path).ToLowerInvariant(), StringComparer.Ordinal))
                    .Order(StringComparer.Ordinal).Select(path => (path, (long)label)));
            }
        }
        catch (Exception e) when (FileErrors.IsSystemError(e))
        {
            throw FileErrors.CannotRead(folder, e);
        }
        if (files.Count == 0) throw new MissingFileException($"{folder}: holds no folder with pictures ({string.Join(", ", Extensions)}); make one for each class.");
        return (Dataset.FromList(files).Map(file => (Read(file.Path, channels), Tensor.From(file.Label)), parallelism), names);
    }

    /// <summary>Reads one picture.</summary>
    /// <param name="path">The file: PNG, PGM or PPM, told by its first bytes.</param>
    /// <param name="channels">1 for grey, 3 for colours; the picture is converted to it, and opacity is left out.</param>
    /// <returns>uint8 [height, width, channels].</returns>
    /// <exception cref="MissingFileException">The file is not there or cannot be read.</exception>
    /// <exception cref="CorruptFileException">The file is damaged or of another kind.</exception>
    public static Tensor Read(string path, int channels = 3)
    {
        byte[] bytes;
        using (FileStream file = FileErrors.OpenRead(path))
        using (var memory = new MemoryStream())
        {
            TextFile.Guarded(path, () => { file.CopyTo(memory); return true; });
            bytes = memory.ToArray();
        }
        Picture picture = Decode(bytes, path);
        byte[] pixels = picture.Channels == channels ? picture.Pixels : Convert(picture, channels);
        return Tensor.From(pixels, [picture.Height, picture.Width, channels]);
    }

    internal static Picture Decode(byte[] bytes, string name)
    {
        if (bytes.AsSpan().StartsWith(PngFile.Signature)) return PngFile.Decode(bytes, name);
        if (bytes.Length > 2 && bytes[0] == 'P' && bytes[1] is (byte)'5' or (byte)'6') return DecodePortableMap(bytes, name);
        throw new CorruptFileException($"{name}: starts neither as a PNG nor as a binary PGM or PPM; save it in one of these formats.");
    }

    // "P5" or "P6", width, height and largest value as text between blanks, one blank, then the pixels.
    private static Picture DecodePortableMap(byte[] bytes, string name)
    {
        int at = 2, channels = bytes[1] == '5' ? 1 : 3;
        long width = Number(), height = Number(), most = Number();
        at++;
        if (most != 255 || width < 1 || height < 1 || width > int.MaxValue || height > int.MaxValue || width * height > (bytes.Length - at) / channels)
            throw new CorruptFileException($"{name}: its header says {width} × {height} pixels up to {most}, which {Math.Max(0, bytes.Length - at)} bytes do not hold; 8-bit maps with a largest value of 255 are read.");
        return new Picture((int)height, (int)width, channels, bytes[at..(at + (int)(width * height * channels))]);

        long Number()
        {
            for (; at < bytes.Length && (char.IsWhiteSpace((char)bytes[at]) || bytes[at] == '#'); at++)
                if (bytes[at] == '#')
                    while (at < bytes.Length && bytes[at] != '\n') at++;
            at = Math.Min(at, bytes.Length);
            int start = at;
            while (at < bytes.Length && bytes[at] is >= (byte)'0' and <= (byte)'9') at++;
            return long.TryParse(Encoding.ASCII.GetString(bytes, start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;
        }
    }

    private static byte[] Convert(Picture picture, int channels)
    {
        var pixels = new byte[picture.Height * picture.Width * channels];
        for (int i = 0; i < picture.Height * picture.Width; i++)
        {
            ReadOnlySpan<byte> from = picture.Pixels.AsSpan(i * picture.Channels, picture.Channels);
            if (channels == 3)
            {
                if (picture.Channels == 1) pixels.AsSpan(3 * i, 3).Fill(from[0]);
                else from[..3].CopyTo(pixels.AsSpan(3 * i));
            }
            else
            {
                // Luma of ITU-R BT.601, rounded.
                pixels[i] = picture.Channels == 1 ? from[0] : (byte)(((299 * from[0]) + (587 * from[1]) + (114 * from[2]) + 500) / 1000);
            }
        }
        return pixels;
    }
}
