namespace Eager;

/// <summary>The three values of an npy header as they are written there.</summary>
/// <param name="Descr">The element type, such as <c>&lt;f4</c>; null when it is not a string, as of a structured array.</param>
/// <param name="FortranOrder">True when the first axis runs fastest.</param>
/// <param name="Shape">The sizes, outermost first.</param>
internal readonly record struct NpyDictionary(string? Descr, bool FortranOrder, long[] Shape);

/// <summary>Reads the Python dictionary literal of an npy header, and nothing beyond what NumPy writes there.</summary>
internal ref struct NpyDictionaryReader(ReadOnlySpan<byte> text, int offset, string name)
{
    private readonly ReadOnlySpan<byte> text = text;
    private readonly int offset = offset;  // of the literal within the file, for messages
    private readonly string name = name;
    private int at;

    public NpyDictionary Read()
    {
        string? descr = null;
        bool? fortranOrder = null;
        long[]? shape = null;
        bool hasDescr = false;
        Expect('{');
        while (!TryTake('}'))
        {
            int start = at;
            string key = ReadString();
            Expect(':');
            bool twice = key switch
            {
                "descr" => hasDescr,
                "fortran_order" => fortranOrder is not null,
                "shape" => shape is not null,
                _ => throw Corrupt(start, $"'{key}' is none of the keys descr, fortran_order and shape"),
            };
            if (twice) throw Corrupt(start, $"'{key}' stands twice");
            if (key == "descr") (descr, hasDescr) = (ReadDescr(), true);
            else if (key == "shape") shape = ReadShape();
            else fortranOrder = ReadBool();
            if (!TryTake(','))
            {
                Expect('}');
                break;
            }
        }
        SkipSpace();
        if (at != text.Length) throw Corrupt(at, "the dictionary is followed by more than spaces");
        if (!hasDescr || fortranOrder is null || shape is null) throw Corrupt(0, "one of the keys descr, fortran_order and shape is missing");
        return new(descr, fortranOrder.Value, shape);
    }

    // A list describes a structured array; what it says does not matter, as such arrays are refused.
    private string? ReadDescr()
    {
        SkipSpace();
        if (at == text.Length || text[at] != '[') return ReadString();
        int end = text[at..].LastIndexOf((byte)']');
        if (end < 0) throw Corrupt(at, "']' is missing");
        at += end + 1;
        return null;
    }

    private string ReadString()
    {
        SkipSpace();
        if (at == text.Length || text[at] is not ((byte)'\'' or (byte)'"')) throw Corrupt(at, "a string is missing");
        int length = text[(at + 1)..].IndexOf(text[at]);
        if (length < 0) throw Corrupt(at, "a string has no end");
        ReadOnlySpan<byte> content = text.Slice(at + 1, length);
        if (content.ContainsAnyExceptInRange((byte)' ', (byte)'~')) throw Corrupt(at, "a string holds other characters than printable ASCII");
        at += length + 2;
        return System.Text.Encoding.ASCII.GetString(content);
    }

    private bool ReadBool()
    {
        SkipSpace();
        if (TryTakeWord("True"u8)) return true;
        if (TryTakeWord("False"u8)) return false;
        throw Corrupt(at, "fortran_order is neither True nor False");
    }

    private long[] ReadShape()
    {
        var sizes = new List<long>();
        Expect('(');
        while (!TryTake(')'))
        {
            sizes.Add(ReadSize());
            if (TryTake(',')) continue;
            // (3) is a number in Python, not a tuple.
            if (sizes.Count == 1) throw Corrupt(at, "the shape is no tuple");
            Expect(')');
            break;
        }
        return [.. sizes];
    }

    private long ReadSize()
    {
        SkipSpace();
        int length = text[at..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (length < 0) length = text.Length - at;
        if (length == 0 || !long.TryParse(text.Slice(at, length), System.Globalization.NumberStyles.None, null, out long size))
            throw Corrupt(at, "a size is no integer from 0 up");
        at += length;
        TryTakeWord("L"u8);  // Python 2 marked its long integers
        return size;
    }

    private void SkipSpace()
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r') at++;
    }

    private bool TryTake(char symbol)
    {
        SkipSpace();
        if (at == text.Length || text[at] != symbol) return false;
        at++;
        return true;
    }

    private bool TryTakeWord(ReadOnlySpan<byte> word)
    {
        if (!text[at..].StartsWith(word)) return false;
        at += word.Length;
        return true;
    }

    private void Expect(char symbol)
    {
        if (!TryTake(symbol)) throw Corrupt(at, $"'{symbol}' is missing");
    }

    private readonly CorruptFileException Corrupt(int position, string reason) =>
        new($"{name}: the npy header is damaged at offset {offset + position}: {reason}. Save the array again.");
}
