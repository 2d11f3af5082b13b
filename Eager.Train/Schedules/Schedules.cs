namespace Eager.Train;

/// <summary>A learning rate for each step: <c>step => 0.1 * Math.Pow(0.96, step / 1000.0)</c>.</summary>
/// <param name="step">How many updates were made before this one.</param>
public delegate double Schedule(long step);

/// <summary>Makes schedules of learning rates and puts them together.</summary>
/// <remarks>
/// Names, formulas and defaults are those of TensorFlow's <c>tf.train</c> unless said otherwise. A schedule is asked before each step, also before each
/// replay of a traced step, and its rate follows from the step alone, so a resumed training goes on with the right one.
/// </remarks>
/// <example><code>
/// var sgd = new Sgd { Schedule = Schedules.Cosine(0.1, decaySteps: 10_000).AfterWarmup(500) };
/// </code></example>
public static class Schedules
{
    /// <summary>The same rate at every step.</summary>
    /// <param name="rate">The rate.</param>
    /// <exception cref="InvalidArgumentException">The rate is negative or not finite.</exception>
    public static Schedule Constant(double rate)
    {
        RequireRate(rate, nameof(Constant));
        return _ => rate;
    }

    /// <summary>rate·decayRate^(step/decaySteps).</summary>
    /// <param name="rate">The rate to start with.</param>
    /// <param name="decaySteps">The steps in which the rate changes by one factor of <paramref name="decayRate"/>.</param>
    /// <param name="decayRate">The factor.</param>
    /// <param name="staircase">Whether step/decaySteps is rounded down.</param>
    /// <exception cref="InvalidArgumentException">An argument is out of its range.</exception>
    public static Schedule Exponential(double rate, long decaySteps, double decayRate, bool staircase = false)
    {
        RequireDecay(rate, decaySteps, decayRate, nameof(Exponential));
        return step => rate * Math.Pow(decayRate, Passed(step, decaySteps, staircase));
    }

    /// <summary>rate/(1 + decayRate·step/decaySteps).</summary>
    /// <param name="rate">The rate to start with.</param>
    /// <param name="decaySteps">The unit in which steps are counted.</param>
    /// <param name="decayRate">How fast the rate falls.</param>
    /// <param name="staircase">Whether step/decaySteps is rounded down.</param>
    /// <exception cref="InvalidArgumentException">An argument is out of its range.</exception>
    public static Schedule InverseTime(double rate, long decaySteps, double decayRate, bool staircase = false)
    {
        RequireDecay(rate, decaySteps, decayRate, nameof(InverseTime));
        return step => rate / (1 + (decayRate * Passed(step, decaySteps, staircase)));
    }

    /// <summary>rate·e^(−decayRate·step/decaySteps).</summary>
    /// <param name="rate">The rate to start with.</param>
    /// <param name="decaySteps">The unit in which steps are counted.</param>
    /// <param name="decayRate">How fast the rate falls.</param>
    /// <param name="staircase">Whether step/decaySteps is rounded down.</param>
    /// <exception cref="InvalidArgumentException">An argument is out of its range.</exception>
    public static Schedule NaturalExponential(double rate, long decaySteps, double decayRate, bool staircase = false)
    {
        RequireDecay(rate, decaySteps, decayRate, nameof(NaturalExponential));
        return step => rate * Math.Exp(-decayRate * Passed(step, decaySteps, staircase));
    }

    /// <summary>(rate − endRate)·(1 − step/decaySteps)^power + endRate, and endRate from then on.</summary>
    /// <param name="rate">The rate to start with.</param>
    /// <param name="decaySteps">The steps until <paramref name="endRate"/> is reached.</param>
    /// <param name="endRate">The rate to end with.</param>
    /// <param name="power">1 for a straight line.</param>
    /// <param name="cycle">Whether the decay goes on, over the least multiple of <paramref name="decaySteps"/> that is not below the step.</param>
    /// <exception cref="InvalidArgumentException">An argument is out of its range.</exception>
    public static Schedule Polynomial(double rate, long decaySteps, double endRate = 0.0001, double power = 1, bool cycle = false)
    {
        RequireDecay(rate, decaySteps, power, nameof(Polynomial));
        RequireRate(endRate, nameof(Polynomial));
        return step =>
        {
            double last = cycle ? decaySteps * Math.Max(1, Math.Ceiling((double)step / decaySteps)) : decaySteps;
            double left = 1 - (Math.Min(step, last) / last);
            return ((rate - endRate) * Math.Pow(left, power)) + endRate;
        };
    }

    /// <summary>The first rate up to and including the first boundary, the second up to the second, and so on.</summary>
    /// <param name="boundaries">Steps, ascending.</param>
    /// <param name="rates">One more than there are boundaries.</param>
    /// <exception cref="InvalidArgumentException">The numbers do not fit, the boundaries do not ascend, or a rate is none.</exception>
    public static Schedule PiecewiseConstant(IReadOnlyList<long> boundaries, IReadOnlyList<double> rates)
    {
        long[] ends = [.. boundaries];
        double[] values = [.. rates];
        if (values.Length != ends.Length + 1) throw new InvalidArgumentException($"Schedules.PiecewiseConstant: {ends.Length} boundaries need {ends.Length + 1} rates, but {values.Length} were given.");
        for (int i = 1; i < ends.Length; i++)
            if (ends[i] <= ends[i - 1]) throw new InvalidArgumentException($"Schedules.PiecewiseConstant: boundary {ends[i]} follows {ends[i - 1]}; they must ascend.");
        foreach (double rate in values) RequireRate(rate, nameof(PiecewiseConstant));
        return step =>
        {
            int place = Array.BinarySearch(ends, step);
            return values[place >= 0 ? place : ~place];
        };
    }

    /// <summary>Half a cosine from the rate down to alpha·rate, which stays.</summary>
    /// <param name="rate">The rate to start with.</param>
    /// <param name="decaySteps">The steps that the half wave takes.</param>
    /// <param name="alpha">The share of the rate that is left in the end.</param>
    /// <exception cref="InvalidArgumentException">An argument is out of its range.</exception>
    /// <remarks>Loshchilov &amp; Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017), equation 5.</remarks>
    public static Schedule Cosine(double rate, long decaySteps, double alpha = 0)
    {
        RequireDecay(rate, decaySteps, alpha, nameof(Cosine));
        return step => rate * HalfWave(Math.Min(1, (double)step / decaySteps), 1, alpha);
    }

    /// <summary>Half cosines one after another, each of other length and height than the one before.</summary>
    /// <param name="rate">The rate to start with.</param>
    /// <param name="firstDecaySteps">The steps of the first half wave.</param>
    /// <param name="lengthFactor">How many times longer each is than the one before (TensorFlow's <c>t_mul</c>).</param>
    /// <param name="heightFactor">How many times higher each is than the one before (TensorFlow's <c>m_mul</c>).</param>
    /// <param name="alpha">The share of the rate to which each falls.</param>
    /// <exception cref="InvalidArgumentException">An argument is out of its range.</exception>
    /// <remarks>Loshchilov &amp; Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017).</remarks>
    public static Schedule CosineRestarts(double rate, long firstDecaySteps, double lengthFactor = 2, double heightFactor = 1, double alpha = 0)
    {
        RequireDecay(rate, firstDecaySteps, alpha, nameof(CosineRestarts));
        if (!(lengthFactor >= 1) || !double.IsFinite(lengthFactor)) throw new InvalidArgumentException($"Schedules.CosineRestarts: the length factor is {lengthFactor}; it must be at least 1.");
        RequireRate(heightFactor, nameof(CosineRestarts));
        return step =>
        {
            double start = 0, length = firstDecaySteps, height = 1;
            if (lengthFactor == 1)
            {
                double waves = Math.Floor(step / length);
                (start, height) = (waves * length, Math.Pow(heightFactor, waves));
            }
            else
            {
                for (; step >= start + length; height *= heightFactor)
                {
                    start += length;
                    length *= lengthFactor;
                }
            }
            return rate * HalfWave((step - start) / length, height, alpha);
        };
    }

    /// <summary>Up from a low rate to the largest and down to next to nothing, as one cycle of training (Smith &amp; Topin, 2018; PyTorch's defaults).</summary>
    /// <param name="largestRate">The rate at the top.</param>
    /// <param name="totalSteps">The steps of the whole cycle, at least 2; the last rate stays.</param>
    /// <param name="warmupShare">The share of the steps that go up.</param>
    /// <param name="divisor">The first rate is the largest divided by this.</param>
    /// <param name="endDivisor">The last rate is the first divided by this.</param>
    /// <param name="linear">Whether both ways are straight lines instead of half cosines.</param>
    /// <exception cref="InvalidArgumentException">An argument is out of its range.</exception>
    public static Schedule OneCycle(double largestRate, long totalSteps, double warmupShare = 0.3, double divisor = 25, double endDivisor = 1e4, bool linear = false)
    {
        RequireRate(largestRate, nameof(OneCycle));
        if (totalSteps < 2) throw new InvalidArgumentException($"Schedules.OneCycle: {totalSteps} steps are no cycle; give at least 2.");
        if (warmupShare is not (>= 0 and <= 1)) throw new InvalidArgumentException($"Schedules.OneCycle: the share of steps that go up is {warmupShare}; it must be within [0, 1].");
        if (!(divisor > 0) || !(endDivisor > 0)) throw new InvalidArgumentException($"Schedules.OneCycle: the divisors are {divisor} and {endDivisor}; they must be positive.");
        double first = largestRate / divisor, end = first / endDivisor, top = (warmupShare * totalSteps) - 1, last = totalSteps - 1;
        return step => step < top
            ? Between(first, largestRate, step / top)
            : Between(largestRate, end, last > top ? Math.Min(1, (step - Math.Max(0, top)) / (last - Math.Max(0, top))) : 1);

        double Between(double from, double to, double share) => linear ? from + ((to - from) * share) : to + ((from - to) / 2 * (1 + Math.Cos(Math.PI * share)));
    }

    /// <summary>A straight line from 0 up to the schedule's first rate, then the schedule from its start.</summary>
    /// <param name="schedule">What follows.</param>
    /// <param name="warmupSteps">The steps of the way up; the first has the share 1/warmupSteps of the rate.</param>
    /// <exception cref="InvalidArgumentException">The number of steps is negative.</exception>
    public static Schedule AfterWarmup(this Schedule schedule, long warmupSteps)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        if (warmupSteps < 0) throw new InvalidArgumentException($"Schedules.AfterWarmup: {warmupSteps} steps are no way up; give 0 or more.");
        return step => step < warmupSteps ? schedule(0) * (step + 1) / warmupSteps : schedule(step - warmupSteps);
    }

    /// <summary>One schedule for some steps, then another from its start.</summary>
    /// <param name="schedule">What comes first.</param>
    /// <param name="steps">For how many steps.</param>
    /// <param name="next">What follows.</param>
    /// <exception cref="InvalidArgumentException">The number of steps is negative.</exception>
    public static Schedule Then(this Schedule schedule, long steps, Schedule next)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(next);
        if (steps < 0) throw new InvalidArgumentException($"Schedules.Then: the first schedule has {steps} steps; give 0 or more.");
        return step => step < steps ? schedule(step) : next(step - steps);
    }

    /// <summary>A schedule times a factor.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="factor">The factor of every rate.</param>
    /// <exception cref="InvalidArgumentException">The factor is negative or not finite.</exception>
    public static Schedule Times(this Schedule schedule, double factor)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        RequireRate(factor, nameof(Times));
        return step => schedule(step) * factor;
    }

    private static double HalfWave(double share, double height, double alpha) => ((1 - alpha) * height * 0.5 * (1 + Math.Cos(Math.PI * share))) + alpha;

    private static double Passed(long step, long decaySteps, bool staircase) => staircase ? Math.Floor((double)step / decaySteps) : (double)step / decaySteps;

    private static void RequireDecay(double rate, long decaySteps, double decay, string name)
    {
        RequireRate(rate, name);
        if (decaySteps <= 0) throw new InvalidArgumentException($"Schedules.{name}: the decay takes {decaySteps} steps; it must be at least 1.");
        if (!(decay >= 0) || !double.IsFinite(decay)) throw new InvalidArgumentException($"Schedules.{name}: the decay is {decay}; it must be finite and not negative.");
    }

    private static void RequireRate(double rate, string name)
    {
        if (!(rate >= 0) || !double.IsFinite(rate)) throw new InvalidArgumentException($"Schedules.{name}: the rate {rate} must be finite and not negative.");
    }
}
