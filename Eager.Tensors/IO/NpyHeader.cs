using System.Buffers.Binary;
using System.Text;

namespace Eager;

/// <summary>What an npy file says of its array before the elements begin; made for writing, and read with every statement checked.</summary>
/// <param name="DType">The dtype of the elements.</param>
/// <param name="BigEndian">True when the most significant byte comes first.</param>
/// <param name="FortranOrder">True when the first axis runs fastest.</param>
/// <param name="Shape">The sizes, outermost first.</param>
/// <param name="DataOffset">Where the elements begin.</param>
/// <param name="DataBytes">How many bytes they take.</param>
internal sealed record NpyHeader(DType DType, bool BigEndian, bool FortranOrder, Shape Shape, int DataOffset, long DataBytes)
{
    private const int Alignment = 64;
    private const int VersionOffset = 6;

    /// <summary>The most axes that an array may have in NumPy.</summary>
    private const int MostAxes = 64;

    /// <summary>What NumPy reads as well: a plain array of 64 axes takes less than a fifth.</summary>
    private const int LongestDictionary = 10_000;

    private static readonly (DType DType, string Code)[] Codes =
    [
        (DType.Bool, "b1"), (DType.UInt8, "u1"), (DType.Int8, "i1"), (DType.Int16, "i2"), (DType.Int32, "i4"), (DType.Int64, "i8"),
        (DType.Float16, "f2"), (DType.Float32, "f4"), (DType.Float64, "f8"), (DType.Complex64, "c8"), (DType.Complex128, "c16"),
    ];

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>The size of the numbers whose bytes have an order: of a complex number, of one of its parts.</summary>
    public int NumberBytes => DType.IsComplex() ? DType.ByteSize() / 2 : DType.ByteSize();

    /// <summary>The header of a little-endian array in C order, as NumPy writes it: version 1, a multiple of 64 bytes.</summary>
    /// <exception cref="DTypeMismatchException">NumPy has no such dtype (bfloat16).</exception>
    public static byte[] Build(DType dtype, Shape shape)
    {
        string code = Array.Find(Codes, c => c.DType == dtype).Code
            ?? throw new DTypeMismatchException($"The tensor is {dtype.Name()}, for which NumPy has no dtype; {(dtype.IsQuantized() ? "write its Integers, or what Dequantize makes of it" : "convert it with Cast, for instance to float32")}.");
        string sizes = string.Concat(shape.Select((size, i) => i == 0 ? $"{size}" : $", {size}")) + (shape.Rank == 1 ? "," : "");
        string literal = $"{{'descr': '{(dtype.ByteSize() == 1 ? '|' : '<')}{code}', 'fortran_order': False, 'shape': ({sizes}), }}";

        int prefix = Magic.Length + 2 + sizeof(ushort);
        int whole = (prefix + literal.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[whole];
        header.AsSpan().Fill((byte)' ');
        Magic.CopyTo(header);
        header[VersionOffset] = 1;
        header[VersionOffset + 1] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(prefix - sizeof(ushort)), checked((ushort)(whole - prefix)));
        Encoding.ASCII.GetBytes(literal, header.AsSpan(prefix));
        header[^1] = (byte)'\n';
        return header;
    }

    /// <summary>Reads a header and leaves the stream at the first element.</summary>
    /// <param name="stream">The array's bytes from the first on.</param>
    /// <param name="length">How many bytes there are; header and elements must take exactly these.</param>
    /// <param name="name">The file, for messages.</param>
    /// <exception cref="CorruptFileException">The header breaks a rule of the format, holds an array that Eager does not read, or promises other bytes than there are.</exception>
    public static NpyHeader Read(Stream stream, long length, string name)
    {
        Span<byte> start = stackalloc byte[VersionOffset + 2 + sizeof(uint)];
        Fill(stream, start[..(VersionOffset + 2)], 0, name);
        if (!start.StartsWith(Magic)) throw new CorruptFileException($"{name}: begins with {Convert.ToHexString(start[..Magic.Length])}, an npy file with {Convert.ToHexString(Magic)}: this is no npy file.");
        (int major, int minor) = (start[VersionOffset], start[VersionOffset + 1]);
        if (major is not (1 or 2 or 3) || minor != 0) throw new CorruptFileException($"{name}: the version at offset {VersionOffset} is {major}.{minor}; versions 1.0, 2.0 and 3.0 are known.");

        Span<byte> size = start.Slice(VersionOffset + 2, major == 1 ? sizeof(ushort) : sizeof(uint));
        Fill(stream, size, VersionOffset + 2, name);
        uint dictionaryBytes = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(size) : BinaryPrimitives.ReadUInt32LittleEndian(size);
        if (dictionaryBytes > LongestDictionary) throw new CorruptFileException($"{name}: the header's length at offset {VersionOffset + 2} is {dictionaryBytes}, above the {LongestDictionary} that a plain array takes at most: the file is damaged.");
        int dictionaryOffset = VersionOffset + 2 + size.Length;
        byte[] dictionary = new byte[dictionaryBytes];
        Fill(stream, dictionary, dictionaryOffset, name);

        NpyDictionary said = new NpyDictionaryReader(dictionary, dictionaryOffset, name).Read();
        (DType dtype, bool bigEndian) = ReadDescr(said.Descr, dictionaryOffset, name);
        if (said.Shape.Length > MostAxes) throw new CorruptFileException($"{name}: the header at offset {dictionaryOffset} gives {said.Shape.Length} axes; NumPy's arrays have at most {MostAxes}.");
        int dataOffset = dictionaryOffset + dictionary.Length;
        Shape shape = Shape.FromSizes(said.Shape);
        long bytes = SizeInBytes(dtype, said.Shape)
            ?? throw new CorruptFileException($"{name}: the header at offset {dictionaryOffset} promises {dtype.Name()} of shape {shape}, more bytes than a file can have.");
        long found = length - dataOffset;
        string promise = $"the header promises {dtype.Name()} of shape {shape}, {bytes} bytes from offset {dataOffset}";
        if (found < bytes) throw new CorruptFileException($"{name}: {promise}, but the data ends at offset {length}: {bytes - found} bytes are missing.");
        if (found > bytes) throw new CorruptFileException($"{name}: {promise}, but the file goes on after offset {dataOffset + bytes}; several arrays belong into an npz file.");
        return new(dtype, bigEndian, said.FortranOrder && shape.Rank > 1, shape, dataOffset, bytes);
    }

    private static (DType DType, bool BigEndian) ReadDescr(string? descr, int offset, string name)
    {
        if (descr is null) throw Refused("a structured array", "save its fields as arrays of their own");
        if (descr.Length > 1 && descr[1] == 'O') throw Refused("Python objects, which are programs that run when they are read", "save plain numbers");
        bool hasOrder = descr.Length > 0 && descr[0] is '<' or '>' or '|' or '=';
        string code = hasOrder ? descr[1..] : descr;
        (DType dtype, string? known) = Array.Find(Codes, c => c.Code == code);
        // Without an order only single bytes are clear.
        if (known is null || (dtype.ByteSize() > 1 && !(hasOrder && descr[0] is '<' or '>')))
            throw Refused($"elements of type '{descr}'", "convert it in NumPy with astype to bool, uint8, int8 to int64, float16 to float64, complex64 or complex128");
        return (dtype, descr[0] == '>');

        CorruptFileException Refused(string what, string cure) => new($"{name}: the header at offset {offset} announces {what}, which Eager does not read; {cure}.");
    }

    // A size of 0 must not hide an overflow: strides are products of the others.
    private static long? SizeInBytes(DType dtype, ReadOnlySpan<long> sizes)
    {
        long bytes = dtype.ByteSize();
        foreach (long size in sizes)
        {
            if (size > 1 && bytes > long.MaxValue / size) return null;
            bytes *= Math.Max(size, 1);
        }
        return sizes.Contains(0) ? 0 : bytes;
    }

    private static void Fill(Stream stream, Span<byte> into, int offset, string name)
    {
        int read = stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
        if (read < into.Length) throw new CorruptFileException($"{name}: ends at offset {offset + read}, within the npy header: the file is truncated or no npy file.");
    }
}
