using Eager.Autograd;

namespace Eager.Train;

/// <summary>Quasi-Newton steps from the last few gradients, each as far as a line search finds good; for smooth losses of the whole data.</summary>
/// <remarks>
/// Nocedal &amp; Wright, "Numerical optimization" (2006), algorithms 7.4 and 7.5, with the line search and the tolerances of PyTorch's
/// <c>LBFGS(line_search_fn="strong_wolfe")</c>. The loss is computed several times in one step and its values are read, so a step cannot be traced.
/// </remarks>
/// <example><code>
/// var lbfgs = new Lbfgs();
/// Tensor before = lbfgs.Minimize(() => Loss.MeanSquaredError(y, model.Call(x)), model.TrainableVariables);
/// </code></example>
public sealed class Lbfgs : ICheckpointable
{
    // Below this y·s says nothing of the curvature that is sure of its sign.
    private const double LeastCurvature = 1e-10;

    private readonly int maxIterations;
    private readonly int maxEvaluations;
    private readonly double gradientTolerance;
    private readonly double changeTolerance;
    private readonly int historySize;
    private readonly List<Variable> moves = [];
    private readonly List<Variable> differences = [];
    private Variable[] built = [];
    private Shape[] shapes = [];

    /// <summary>Makes an optimizer.</summary>
    /// <param name="learningRate">The length along a direction that a line search tries first.</param>
    /// <param name="maxIterations">The most directions that one step follows.</param>
    /// <param name="maxEvaluations">After this many computations of the loss a step follows no further direction; 1.25 times the iterations when null.</param>
    /// <param name="gradientTolerance">A step ends where no element of the gradient is larger.</param>
    /// <param name="changeTolerance">A step ends when the loss or every variable changes by less.</param>
    /// <param name="historySize">How many pairs of moves and gradient differences are kept.</param>
    /// <exception cref="InvalidArgumentException">A setting is out of its range.</exception>
    public Lbfgs(double learningRate = 1, int maxIterations = 20, int? maxEvaluations = null, double gradientTolerance = 1e-7, double changeTolerance = 1e-9, int historySize = 10)
    {
        if (!(learningRate > 0) || !double.IsFinite(learningRate)) throw new InvalidArgumentException($"Lbfgs: the learning rate is {learningRate}; it must be positive and finite.");
        if (maxIterations < 1 || maxEvaluations < 1 || historySize < 1)
            throw new InvalidArgumentException($"Lbfgs: at most {maxIterations} iterations, {maxEvaluations} evaluations and {historySize} pairs are no search; each must be at least 1.");
        LearningRate = learningRate;
        this.maxIterations = maxIterations;
        this.maxEvaluations = maxEvaluations ?? (int)Math.Min(int.MaxValue, maxIterations * 5L / 4);
        this.gradientTolerance = OptimizerArguments.NotNegative(gradientTolerance, "tolerance of the gradient", nameof(Lbfgs));
        this.changeTolerance = OptimizerArguments.NotNegative(changeTolerance, "tolerance of changes", nameof(Lbfgs));
        this.historySize = historySize;
    }

    /// <summary>The length along a direction that a line search tries first.</summary>
    public double LearningRate { get; }

    /// <summary>How many directions were followed, over all steps.</summary>
    public long Iterations { get; private set; }

    /// <summary>Says which variables the steps change, so that a checkpoint can be restored before the first step; that step does it by itself.</summary>
    /// <param name="variables">Of one floating-point dtype.</param>
    /// <exception cref="InvalidArgumentException">There is none, or other variables were given before.</exception>
    /// <exception cref="DTypeMismatchException">Their dtypes differ.</exception>
    /// <exception cref="ShapeMismatchException">One has another shape than the steps so far.</exception>
    public void Build(IEnumerable<Variable> variables)
    {
        Variable[] given = [.. variables];
        if (given.Length == 0) throw new InvalidArgumentException("Lbfgs: there is no variable to change.");
        if (built.Length > 0 && !built.SequenceEqual(given)) throw new InvalidArgumentException($"Lbfgs: {given.Length} variables were given that are not the {built.Length} of before, which its memory is of; make an optimizer for each list.");
        Shape[] now = [.. given.Select(static v => v.ConcreteShape)];
        for (int i = 0; i < now.Length && moves.Count > 0; i++)
            if (now[i] != shapes[i]) throw new ShapeMismatchException($"Lbfgs: '{given[i].Name}' is {now[i]}, its memory is of {shapes[i]}, so a value of another shape was assigned since; make a new optimizer.");
        foreach (Variable variable in given)
            if (variable.DType != given[0].DType) throw new DTypeMismatchException($"Lbfgs: '{variable.Name}' is {variable.DType.Name()}, '{given[0].Name}' {given[0].DType.Name()}; all variables must be of one dtype.");
        (built, shapes) = (given, now);
    }

    /// <summary>Makes one step: follows directions until the loss is at a minimum or a limit is reached.</summary>
    /// <param name="loss">Computes the loss at the variables' values; it runs several times, recorded by a tape, and must give the same loss for the same values.</param>
    /// <param name="variables">What to change; the same ones in every step.</param>
    /// <param name="globalStep">A variable that counts steps over all optimizers; 1 is added to it.</param>
    /// <returns>The loss before the step.</returns>
    /// <exception cref="InvalidArgumentException">The loss or its gradient is not finite to begin with; nothing is changed.</exception>
    public Tensor Minimize(Func<Tensor> loss, IReadOnlyList<Variable> variables, Variable? globalStep = null)
    {
        Build(variables);
        (Tensor before, Tensor gradient) = Evaluate(loss);
        var here = new LinePoint(0, before.Item(), gradient, 0);
        Tensor place = Flatten(built);
        try
        {
            if (!double.IsFinite(here.Loss) || !double.IsFinite(Largest(gradient))) throw new InvalidArgumentException($"Lbfgs.Minimize: the loss is {here.Loss} or its gradient not finite before the step; nothing was changed.");
            int evaluations = 1;
            for (int i = 0; i < maxIterations && evaluations < maxEvaluations && Largest(here.Gradient) > gradientTolerance; i++)
            {
                using Tensor direction = Direction(here.Gradient);
                double slope = Dot(here.Gradient, direction);
                if (slope > -changeTolerance) break;
                double first = Iterations == 0 ? Math.Min(1, 1 / AbsoluteSum(here.Gradient)) * LearningRate : LearningRate;
                using var search = new StrongWolfeSearch(length => EvaluateAt(loss, place, direction, length), changeTolerance, Largest(direction));
                LinePoint there = search.Run(here with { Length = 0, Slope = slope }, first);
                evaluations += search.Evaluations;
                Iterations++;
                if (there.Length == 0) break;

                Tensor move = direction * there.Length, difference = there.Gradient - here.Gradient, next = place + move;
                Remember(move, difference);
                double moved = Largest(move), gained = Math.Abs(there.Loss - here.Loss);
                foreach (Tensor old in new[] { move, difference, place, here.Gradient }) old.Dispose();
                (place, here) = (next, there);
                if (moved <= changeTolerance || gained < changeTolerance) break;
            }
            AssignAll(place);
        }
        catch
        {
            AssignAll(place);
            before.Dispose();
            throw;
        }
        finally
        {
            place.Dispose();
            here.Gradient.Dispose();
        }
        globalStep?.AssignAdd(Tensor.OnesLike(globalStep));
        return before;
    }

    /// <summary>The count of directions and the remembered pairs.</summary>
    public IEnumerable<StateEntry> GetState()
    {
        yield return StateEntry.Int64("iterations", () => Iterations, value => Iterations = value);
        if (built.Length == 0) yield break;
        long pairs = 0;
        yield return StateEntry.Int64s("pairs", () => [moves.Count], values => pairs = values[0], Shape.Scalar,
            values => values[0] >= 0 && values[0] <= historySize ? null : $"{values[0]} pairs are no history of at most {historySize}");
        yield return StateEntry.Tensor("moves", () => Padded(moves), saved => Restore(moves, saved, pairs));
        yield return StateEntry.Tensor("differences", () => Padded(differences), saved => Restore(differences, saved, pairs));
    }

    // Nocedal & Wright, algorithm 7.4: −H·g by the pairs (s, y), newest first and back, with H₀ = (s·y)/(y·y) of the newest.
    private Tensor Direction(Tensor gradient)
    {
        int count = moves.Count;
        double[] curvatures = new double[count], shares = new double[count];
        Tensor q = -gradient;
        for (int i = count - 1; i >= 0; i--)
        {
            curvatures[i] = Dot(differences[i], moves[i]);
            shares[i] = Dot(moves[i], q) / curvatures[i];
            Add(ref q, differences[i], -shares[i]);
        }
        if (count == 0) return q;
        Tensor r = q * (curvatures[^1] / Dot(differences[^1], differences[^1]));
        q.Dispose();
        for (int i = 0; i < count; i++) Add(ref r, moves[i], shares[i] - (Dot(differences[i], r) / curvatures[i]));
        return r;
    }

    private void Remember(Tensor move, Tensor difference)
    {
        if (!(Dot(difference, move) > LeastCurvature)) return;
        if (moves.Count == historySize)
        {
            foreach (List<Variable> list in new[] { moves, differences })
            {
                list[0].Dispose();
                list.RemoveAt(0);
            }
        }
        moves.Add(new Variable(move, trainable: false));
        differences.Add(new Variable(difference, trainable: false));
    }

    private LinePoint EvaluateAt(Func<Tensor> loss, Tensor place, Tensor direction, double length)
    {
        using (Tensor move = direction * length)
        using (Tensor point = place + move)
            AssignAll(point);
        (Tensor value, Tensor gradient) = Evaluate(loss);
        using (value) return new(length, value.Item(), gradient, Dot(gradient, direction));
    }

    private (Tensor Loss, Tensor Gradient) Evaluate(Func<Tensor> loss)
    {
        (Tensor value, Tensor?[] gradients) = Optimizer.ComputeGradients(loss, built);
        Tensor[] whole = [.. gradients.Select((g, i) => g ?? Tensor.ZerosLike(built[i]))];
        Tensor flat = Flatten(whole);
        foreach (Tensor part in whole) part.Dispose();
        return (value, flat);
    }

    private void AssignAll(Tensor flat)
    {
        using var scope = Temporaries.Begin();
        long start = 0;
        foreach (Variable variable in built)
        {
            variable.Assign(flat.Narrow(0, start, variable.ElementCount).Reshape(variable.ConcreteShape));
            start += variable.ElementCount;
        }
    }

    private Tensor Padded(List<Variable> list)
    {
        using var scope = Temporaries.Begin();
        Tensor none = Tensor.Zeros([built.Sum(v => v.ElementCount)], built[0].DType);
        return scope.Keep(Tensor.Stack([.. list, .. Enumerable.Repeat(none, historySize - list.Count)]));
    }

    private static void Restore(List<Variable> list, Tensor saved, long count)
    {
        using var scope = Temporaries.Begin();
        foreach (Variable old in list) old.Dispose();
        list.Clear();
        for (long i = 0; i < count; i++) list.Add(new Variable(saved.Select(0, i), trainable: false));
    }

    private static Tensor Flatten(IReadOnlyList<Tensor> tensors)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep(Tensor.Concat([.. tensors.Select(t => t.Reshape([-1]))]));
    }

    private static void Add(ref Tensor sum, Tensor term, double factor)
    {
        using Tensor scaled = term * factor;
        Tensor old = sum;
        sum = old + scaled;
        old.Dispose();
    }

    private static double Dot(Tensor a, Tensor b)
    {
        using var scope = Temporaries.Begin();
        return (a * b).Sum().Item();
    }

    private static double Largest(Tensor x)
    {
        using var scope = Temporaries.Begin();
        return x.ElementCount == 0 ? 0 : x.Abs().Max().Item();
    }

    private static double AbsoluteSum(Tensor x)
    {
        using var scope = Temporaries.Begin();
        return x.Abs().Sum().Item();
    }
}
