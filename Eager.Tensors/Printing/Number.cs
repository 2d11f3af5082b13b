using System.Globalization;

namespace Eager.Printing;

/// <summary>
/// A floating-point number by its decimal digits: the fewest that tell it from its neighbours of the same dtype, and as many
/// exact ones as are asked for.
/// </summary>
/// <param name="Value">The number itself.</param>
/// <param name="Shortest">The fewest digits, without leading or trailing zeros; empty for 0.</param>
/// <param name="Exponent">The power of ten of the first digit.</param>
/// <param name="Narrow">Rounds a quotient to the number's dtype.</param>
internal readonly record struct Number(double Value, string Shortest, int Exponent, Func<double, double> Narrow)
{
    // Enough to tell a tie between two nine-digit numbers from what is only near one.
    private const string ManyDigits = "E80";

    internal bool IsFinite => double.IsFinite(Value);

    internal bool IsNegative => double.IsNegative(Value) && !double.IsNaN(Value);

    internal static Number Of(double value) => Of(value, Text(value, "R"), static q => q);

    internal static Number Of(float value) => Of(value, Text(value, "R"), static q => (float)q);

    internal static Number Of(Half value) => Of((double)value, Text(value, "R"), static q => (double)(Half)q);

    internal static Number Of(BFloat16 value)
    {
        float wide = value;
        int digits = 0;
        while (digits < 9 && float.IsFinite(wide) && (BFloat16)float.Parse(Text(wide, $"E{digits}"), CultureInfo.InvariantCulture) != value) digits++;
        return Of(wide, Text(wide, $"E{digits}"), static q => (BFloat16)(float)q);
    }

    /// <summary>The exact digits rounded to a number of them, ties to the even digit, and the power of ten of the first.</summary>
    /// <remarks>Where the fewest digits are just as many, those: of 0.015625 in float16 they are 1563.</remarks>
    internal (string Digits, int Exponent) Rounded(int count)
    {
        if (Shortest.Length == count) return (Shortest, Exponent);
        (string exact, int exponent) = Split(Text(Value, ManyDigits));
        exact = exact.PadRight(count, '0');
        int rest = string.CompareOrdinal(exact[count..], "5");  // no trailing zeros, so a tie is exactly 5
        if (rest < 0 || (rest == 0 && (exact[count - 1] - '0') % 2 == 0)) return (exact[..count], exponent);

        char[] digits = exact[..count].ToCharArray();
        int last = Array.FindLastIndex(digits, static d => d != '9');
        Array.Fill(digits, '0', last + 1, count - last - 1);
        if (last >= 0) digits[last]++;
        return last >= 0 ? (new string(digits), exponent) : ($"1{new string(digits, 1, count - 1)}", exponent + 1);
    }

    /// <summary>The digits before and behind the point: the fewest, but all exact ones before it and no more than some places behind it.</summary>
    internal (string Whole, string Fraction) Positional(int places)
    {
        int behind = Shortest.Length - 1 - Exponent;
        (string digits, int exponent) = behind < 0 || behind > places ? Rounded(Exponent + 1 + (behind < 0 ? 0 : places)) : (Shortest, Exponent);
        return Positional(digits, exponent);
    }

    /// <summary>The number by itself, in as many digits as it needs.</summary>
    internal string Alone(bool signed = false)
    {
        if (!IsFinite) return Special(signed);
        if (Value != 0 && Exponent is < -4 or >= 16)
            return $"{Sign(signed)}{Shortest[0]}{(Shortest.Length > 1 ? "." : "")}{Shortest[1..]}e{Power(Exponent, 2)}";
        (string whole, string fraction) = Value == 0 ? ("0", "") : Positional(Shortest, Exponent);
        return $"{Sign(signed)}{whole}.{(fraction == "" ? "0" : fraction)}";
    }

    internal string Special(bool signed) => double.IsNaN(Value) ? (signed ? "+nan" : "nan") : $"{Sign(signed)}inf";

    internal string Sign(bool signed) => IsNegative ? "-" : signed ? "+" : "";

    internal static string Power(int exponent, int digits) => (exponent < 0 ? "-" : "+") + Math.Abs(exponent).ToString($"D{digits}", CultureInfo.InvariantCulture);

    private static Number Of(double value, string text, Func<double, double> narrow)
    {
        (string digits, int exponent) = double.IsFinite(value) ? Split(text) : ("", 0);
        return new(value, digits, exponent, narrow);
    }

    private static (string Whole, string Fraction) Positional(string digits, int exponent)
    {
        string padded = exponent < 0 ? new string('0', -exponent) + digits : digits.PadRight(exponent + 1, '0');
        int point = Math.Max(exponent, 0) + 1;
        return (padded[..point], padded[point..].TrimEnd('0'));
    }

    private static string Text<T>(T value, string format) where T : IFormattable => value.ToString(format, CultureInfo.InvariantCulture);

    // Takes "-12.5", "0.00125" or "1.25E-03" apart.
    private static (string Digits, int Exponent) Split(string text)
    {
        string[] parts = text.TrimStart('-').Split('E');
        int point = parts[0].IndexOf('.');
        if (point < 0) point = parts[0].Length;
        string all = parts[0].Replace(".", "");
        string digits = all.TrimStart('0');
        int exponent = point - 1 - (all.Length - digits.Length) + (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0);
        return digits == "" ? ("", 0) : (digits.TrimEnd('0'), exponent);
    }
}
