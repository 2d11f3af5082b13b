namespace Eager;

/// <summary>
/// NumPy's npy files, one array each: <c>numpy.load</c> reads what is written here, and what <c>numpy.save</c> wrote is read.
/// A file is trusted in nothing: its header is checked against the format and the file's size before memory is taken.
/// </summary>
/// <remarks>
/// All dtypes but bfloat16, which NumPy does not have. Versions 1 to 3, C and Fortran order and both byte orders are read;
/// Python objects, structured arrays, texts, dates and unsigned integers above 8 bits are refused.
/// </remarks>
/// <example>
/// <code>
/// NpyFile.Write("x.npy", Tensor.From([[1f, 2f], [3f, 4f]]));   // numpy.load("x.npy")
/// Tensor x = NpyFile.Read("x.npy");
/// </code>
/// </example>
public static class NpyFile
{
    /// <summary>Reads an array into a tensor on the CPU, in C order.</summary>
    /// <exception cref="MissingFileException">The file is not there or cannot be read.</exception>
    /// <exception cref="CorruptFileException">The file is no npy file, is truncated, has bytes to spare, or holds an array that Eager does not read.</exception>
    public static Tensor Read(string path)
    {
        using FileStream file = FileErrors.OpenRead(path);
        return Read(file, path);
    }

    /// <summary>Maps an array into memory: elements are fetched from the file when an operation first reads them, and never take more memory than the system can spare.</summary>
    /// <remarks>
    /// The elements are in the file's own order, C or Fortran. The file stays open until no tensor needs it; it must not be
    /// shortened meanwhile, which ends the process as for every mapped file. Where the bytes cannot be used as they lie, in the
    /// other byte order or misaligned, the array is read as by <see cref="Read(string)"/>.
    /// </remarks>
    /// <exception cref="MissingFileException">The file is not there or cannot be read.</exception>
    /// <exception cref="CorruptFileException">As for <see cref="Read(string)"/>.</exception>
    public static unsafe Tensor Map(string path)
    {
        using FileStream file = FileErrors.OpenRead(path);
        try
        {
            NpyHeader header = NpyHeader.Read(file, file.Length, path);
            if ((header.BigEndian && header.NumberBytes > 1) || header.DataOffset % header.NumberBytes != 0 || header.DataBytes == 0)
            {
                file.Position = 0;
                return Read(file, path);
            }
            ReadOnlySpan<long> sizes = header.Shape.Sizes;
            long[] strides = header.FortranOrder ? FortranStrides(sizes) : ForeignMemory.CStrides(sizes);
            var mapped = new MappedFile(file);
            try
            {
                byte* data = mapped.Start + header.DataOffset;
                for (long at = 0; header.DType == DType.Bool && at < header.DataBytes; at += int.MaxValue)
                    RequireBools(new(data + at, (int)Math.Min(header.DataBytes - at, int.MaxValue)), header.DataOffset + at, path);
                return ForeignMemory.Wrap(data, sizes, strides, header.DType, Device.Cpu, mapped);
            }
            catch
            {
                mapped.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileErrors.CannotRead(path, e);
        }
    }

    /// <summary>Writes a tensor of any layout and device, replacing a file that is there only once the new one is whole.</summary>
    /// <exception cref="DTypeMismatchException">The tensor is bfloat16.</exception>
    /// <exception cref="FileWriteException">The file cannot be written; an old one stands.</exception>
    public static void Write(string path, Tensor tensor) => AtomicFile.Write(path, file => Write(file, tensor));

    internal static void Write(Stream stream, Tensor tensor)
    {
        byte[] header = NpyHeader.Build(tensor.DType, tensor.ConcreteShape);
        using Tensor plain = TensorMemory.Plain(tensor, "NpyFile.Write");
        stream.Write(header);
        using var pin = new TensorPin(plain);
        foreach (Span<byte> part in pin) stream.Write(part);
    }

    /// <summary>Reads a file from a stream that can seek.</summary>
    internal static Tensor Read(Stream file, string name)
    {
        try
        {
            return Read(file, file.Length, name);
        }
        catch (IOException e)
        {
            throw FileErrors.CannotRead(name, e);
        }
    }

    /// <summary>Reads an array that takes exactly <paramref name="length"/> bytes of a stream, header included.</summary>
    internal static Tensor Read(Stream stream, long length, string name)
    {
        NpyHeader header = NpyHeader.Read(stream, length, name);
        long[] sizes = header.Shape.Sizes.ToArray();
        if (header.FortranOrder) Array.Reverse(sizes);

        // To a trace the array is a constant, not memory that a replay would make anew.
        using var unrecorded = Unrecorded.Begin();
        using var scope = Temporaries.Begin();
        Tensor read = TensorMemory.Empty(sizes, header.DType);
        Fill(read, stream, header, name);
        return scope.Keep(header.FortranOrder ? read.Transpose().Contiguous() : read);
    }

    private static void Fill(Tensor tensor, Stream stream, NpyHeader header, string name)
    {
        using var pin = new TensorPin(tensor);
        long at = 0;
        foreach (Span<byte> part in pin)
        {
            stream.ReadExactly(part);
            if (header.DType == DType.Bool) RequireBools(part, header.DataOffset + at, name);
            if (header.BigEndian) ByteOrder.Reverse(part, header.NumberBytes);
            at += part.Length;
        }
    }

    private static void RequireBools(ReadOnlySpan<byte> bytes, long offset, string name)
    {
        int bad = bytes.IndexOfAnyExceptInRange((byte)0, (byte)1);
        if (bad >= 0) throw new CorruptFileException($"{name}: the array is bool but holds the byte {bytes[bad]} at offset {offset + bad}: the file is damaged.");
    }

    private static long[] FortranStrides(ReadOnlySpan<long> sizes)
    {
        long[] reversed = sizes.ToArray();
        Array.Reverse(reversed);
        long[] strides = ForeignMemory.CStrides(reversed);
        Array.Reverse(strides);
        return strides;
    }
}
