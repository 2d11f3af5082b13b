namespace Eager.Printing;

/// <summary>
/// One format for all numbers of an array, as NumPy chooses it: points below each other, at most eight digits behind them,
/// powers of ten when the numbers are large, small or far apart.
/// </summary>
internal sealed class RealFormat
{
    private const int Precision = 8;

    private readonly bool signed;
    private readonly bool scientific;
    private readonly int left;            // characters before the point
    private readonly int right;           // and behind it
    private readonly int fraction;        // digits behind the point
    private readonly int exponentDigits;

    internal RealFormat(Number[] values, bool signed)
    {
        this.signed = signed;
        Number[] finite = Array.FindAll(values, static v => v.IsFinite);
        scientific = IsScientific(Array.FindAll(finite, static v => v.Value != 0));
        if (scientific)
        {
            foreach (Number value in finite)
            {
                (string digits, int exponent) = value.Shortest.Length > Precision + 1 ? value.Rounded(Precision + 1) : (value.Shortest, value.Exponent);
                fraction = Math.Max(fraction, digits.TrimEnd('0').Length - 1);
                exponentDigits = Math.Max(exponentDigits, Number.Power(exponent, 2).Length - 1);
                left = Math.Max(left, value.Sign(signed).Length + 1);
            }
            right = fraction + exponentDigits + 2;
        }
        else
        {
            foreach (Number value in finite)
            {
                (string whole, string behind) = value.Positional(Precision);
                left = Math.Max(left, value.Sign(signed).Length + whole.Length);
                right = Math.Max(right, behind.Length);
            }
        }
        if (finite.Length == values.Length) return;
        int special = signed || values.Any(static v => double.IsNegativeInfinity(v.Value)) ? 4 : 3;
        left = Math.Max(left, special - right - 1);
    }

    internal string Write(Number value)
    {
        if (!value.IsFinite) return value.Special(signed).PadLeft(left + 1 + right);
        if (scientific)
        {
            (string digits, int exponent) = value.Rounded(fraction + 1);
            return $"{(value.Sign(signed) + digits[0]).PadLeft(left)}.{digits[1..]}e{Number.Power(exponent, exponentDigits)}";
        }
        (string whole, string behind) = value.Positional(Precision);
        return $"{(value.Sign(signed) + whole).PadLeft(left)}.{behind.PadRight(right)}";
    }

    private static bool IsScientific(Number[] values)
    {
        if (values.Length == 0) return false;
        double largest = values.Max(static v => Math.Abs(v.Value)), smallest = values.Min(static v => Math.Abs(v.Value));
        return largest >= 1e8 || smallest < 1e-4 || values[0].Narrow(largest / smallest) > 1000;
    }
}
