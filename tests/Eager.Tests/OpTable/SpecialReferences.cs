using MathNet.Numerics;

namespace Eager.Tests.OpTable;

/// <summary>Special functions from their textbook series, in float64 (Abramowitz &amp; Stegun, chapters 6, 7, 9 and 23).</summary>
internal static class SpecialReferences
{
    // B₂, B₄, …, B₁₄
    private static readonly double[] Bernoulli = [1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6];

    // Stirling's series, after x is moved up to where its terms vanish by Γ(x) = Γ(x + 1)/x (6.1.40).
    internal static double LogGamma(double x)
    {
        double product = 1;
        for (; x < 15; x++) product *= x;
        double sum = (x - 0.5) * Math.Log(x) - x + Math.Log(2 * Math.PI) / 2;
        for (int k = 1; k <= Bernoulli.Length; k++) sum += Bernoulli[k - 1] / (2 * k * (2 * k - 1) * Math.Pow(x, 2 * k - 1));
        return sum - Math.Log(product);
    }

    // ψ(x) = ψ(x + 1) − 1/x, and the derivative of Stirling's series (6.3.18).
    internal static double Digamma(double x)
    {
        double below = 0;
        for (; x < 15; x++) below += 1 / x;
        double sum = Math.Log(x) - 1 / (2 * x);
        for (int k = 1; k <= Bernoulli.Length; k++) sum -= Bernoulli[k - 1] / (2 * k * Math.Pow(x, 2 * k));
        return sum - below;
    }

    // 6.4.10
    internal static double Polygamma(int n, double x)
    {
        double factorial = 1;
        for (int i = 2; i <= n; i++) factorial *= i;
        return (n % 2 == 0 ? -1 : 1) * factorial * Zeta(n + 1, x);
    }

    // Euler and Maclaurin's sum: the first terms, the integral of the rest and corrections.
    internal static double Zeta(double s, double q)
    {
        const int terms = 20;
        double sum = 0, end = q + terms;
        for (int k = terms - 1; k >= 0; k--) sum += Math.Pow(k + q, -s);
        sum += Math.Pow(end, 1 - s) / (s - 1) + Math.Pow(end, -s) / 2;
        double factor = s / 2;  // s(s + 1)…(s + 2k − 2)/(2k)!
        for (int k = 1; k <= Bernoulli.Length; k++)
        {
            sum += Bernoulli[k - 1] * factor * Math.Pow(end, -s - 2 * k + 1);
            factor *= (s + 2 * k - 1) * (s + 2 * k) / ((2 * k + 1) * (2 * k + 2));
        }
        return sum;
    }

    // P(a, x) = xᵃe⁻ˣ/Γ(a + 1)·Σ xᵏ/((a + 1)…(a + k)), all terms positive (6.5.29).
    internal static double GammaP(double a, double x)
    {
        double term = 1, sum = 1;
        for (int k = 1; term > sum * 1e-18; k++) sum += term *= x / (a + k);
        return Math.Pow(x, a) * Math.Exp(-x) / SpecialFunctions.Gamma(a + 1) * sum;
    }

    // 9.6.10, all terms of one sign.
    internal static double BesselI(int order, double x)
    {
        double quarter = x * x / 4, term = order == 0 ? 1 : x / 2, sum = term;
        for (int k = 1; Math.Abs(term) > Math.Abs(sum) * 1e-18; k++) sum += term *= quarter / k / (k + order);
        return sum;
    }

    // Far out by the asymptotic series (7.1.23), whose terms at 10 fall below 1e-17.
    internal static double ErfcScaled(double x)
    {
        if (x < 10) return Math.Exp(x * x) * SpecialFunctions.Erfc(x);
        double term = 1, sum = 1;
        for (int k = 1; k <= 20; k++) sum += term *= -(2 * k - 1) / (2 * x * x);
        return sum / (x * Math.Sqrt(Math.PI));
    }
}
