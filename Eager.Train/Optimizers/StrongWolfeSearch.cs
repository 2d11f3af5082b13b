namespace Eager.Train;

/// <summary>The loss at a length along a direction.</summary>
/// <param name="Length">How far along.</param>
/// <param name="Loss">The loss there.</param>
/// <param name="Gradient">Its gradient there.</param>
/// <param name="Slope">The gradient along the direction.</param>
internal sealed record LinePoint(double Length, double Loss, Tensor Gradient, double Slope);

/// <summary>
/// Looks along a direction for a point where the loss is low enough and level enough (the strong Wolfe conditions):
/// Nocedal &amp; Wright, "Numerical optimization" (2006), algorithms 3.5 and 3.6, with the safeguards of PyTorch's <c>_strong_wolfe</c>.
/// </summary>
/// <param name="evaluate">Computes the loss at a length.</param>
/// <param name="changeTolerance">The search ends when the variables would change by less.</param>
/// <param name="largest">The largest element of the direction.</param>
internal sealed class StrongWolfeSearch(Func<double, LinePoint> evaluate, double changeTolerance, double largest) : IDisposable
{
    private const int MostTrials = 25;
    private const double Decrease = 1e-4;
    private const double Level = 0.9;

    private readonly List<LinePoint> tried = [];
    private LinePoint? chosen;

    /// <summary>How often the loss was computed.</summary>
    internal int Evaluations => tried.Count;

    /// <summary>The point to go to.</summary>
    /// <param name="start">The point at length 0.</param>
    /// <param name="first">The length to try first.</param>
    internal LinePoint Run(LinePoint start, double first)
    {
        LinePoint before = start, now = Try(first);
        while (true)
        {
            // A loss that is not a number is too far along, as one that is too high.
            if (!(now.Loss <= Bound(start, now)) || (Evaluations > 2 && now.Loss >= before.Loss)) return Choose(Zoom(start, before, now));
            if (IsLevel(start, now)) return Choose(now);
            if (now.Slope >= 0) return Choose(Zoom(start, before, now));
            if (Evaluations > MostTrials) return Choose(now.Loss < start.Loss ? now : start);
            double next = Interpolate(before, now, now.Length + (0.01 * (now.Length - before.Length)), now.Length * 10);
            (before, now) = (now, Try(next));
        }
    }

    /// <summary>Frees the gradients of the points that were not chosen.</summary>
    public void Dispose()
    {
        foreach (LinePoint point in tried)
            if (point != chosen) point.Gradient.Dispose();
    }

    private static double Bound(LinePoint start, LinePoint point) => start.Loss + (Decrease * point.Length * start.Slope);

    private static bool IsLevel(LinePoint start, LinePoint point) => Math.Abs(point.Slope) <= -Level * start.Slope;

    // The minimum of the cubic with the losses and slopes of two points, within bounds; their middle where there is none.
    private static double Interpolate(LinePoint a, LinePoint b, double from, double to)
    {
        (LinePoint left, LinePoint right) = a.Length <= b.Length ? (a, b) : (b, a);
        double d1 = left.Slope + right.Slope - (3 * (left.Loss - right.Loss) / (left.Length - right.Length));
        double d2 = Math.Sqrt((d1 * d1) - (left.Slope * right.Slope));
        double place = right.Length - ((right.Length - left.Length) * ((right.Slope + d2 - d1) / (right.Slope - left.Slope + (2 * d2))));
        return double.IsNaN(place) ? (from + to) / 2 : Math.Clamp(place, from, to);
    }

    private LinePoint Try(double length)
    {
        tried.Add(evaluate(length));
        return tried[^1];
    }

    private LinePoint Choose(LinePoint point) => chosen = point;

    // One end of the bracket is the lowest point so far; it closes in from the other.
    private LinePoint Zoom(LinePoint start, LinePoint a, LinePoint b)
    {
        (LinePoint low, LinePoint high) = b.Loss < a.Loss ? (b, a) : (a, b);
        bool close = false;
        while (Evaluations <= MostTrials && Math.Abs(high.Length - low.Length) * largest >= changeTolerance)
        {
            double from = Math.Min(low.Length, high.Length), to = Math.Max(low.Length, high.Length);
            double next = Interpolate(low, high, from, to), margin = 0.1 * (to - from);
            // Twice in a row close to an end, or at it, would hardly shrink the bracket.
            bool near = Math.Min(to - next, next - from) < margin;
            if (near && (close || next >= to || next <= from))
            {
                next = Math.Abs(next - to) < Math.Abs(next - from) ? to - margin : from + margin;
                near = false;
            }
            close = near;

            LinePoint now = Try(next);
            if (!(now.Loss <= Bound(start, now)) || now.Loss >= low.Loss)
            {
                (low, high) = now.Loss < low.Loss ? (now, low) : (low, now);
                continue;
            }
            if (IsLevel(start, now)) return now;
            if (now.Slope * (high.Length - low.Length) >= 0) high = low;
            low = now;
        }
        return low;
    }
}
