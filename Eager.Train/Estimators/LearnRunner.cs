using System.CommandLine;
using System.Globalization;
using System.Reflection;

namespace Eager.Train;

/// <summary>The main program of an experiment: reads the command line, makes the experiment, and calls the member that <c>--schedule</c> names.</summary>
/// <remarks>
/// <para><c>--output_dir FOLDER</c> is the model's folder, <c>--schedule train_and_evaluate</c> the member to call, <c>--hparams name=value,…</c> settings that are not to have
/// their first values; <c>--help</c> says so, with the settings that there are.</para>
/// </remarks>
/// <example><code>
/// return LearnRunner.Run((config, parameters) =>
/// {
///     var estimator = new Estimator&lt;Tensor, Tensor&gt;(Model, config, parameters);
///     return new Experiment&lt;Tensor, Tensor&gt;(estimator, TrainInput, EvalInput, trainSteps: 1000);
/// }, args, new HyperParameters { { "learning_rate", 0.01 } });
/// </code></example>
public static class LearnRunner
{
    /// <summary>Runs an experiment.</summary>
    /// <param name="experimentFunction">Makes the experiment from where it runs and its settings.</param>
    /// <param name="args">The command line.</param>
    /// <param name="hyperParameters">The settings with their first values; those of the command line are put into them.</param>
    /// <param name="config">How the estimator runs; the command line's folder takes the place of its own.</param>
    /// <param name="schedule">The member to call where the command line names none.</param>
    /// <param name="output">Where figures are printed; the console when null.</param>
    /// <param name="error">Where errors are printed, as one sentence; the console's standard error when null.</param>
    /// <returns>The exit code: 0 when all went well, 1 for an error while it ran, 2 for a wrong command line.</returns>
    public static int Run(
        Func<RunConfig, HyperParameters, Experiment> experimentFunction, string[] args, HyperParameters? hyperParameters = null, RunConfig? config = null,
        string schedule = "train_and_evaluate", TextWriter? output = null, TextWriter? error = null)
    {
        ArgumentNullException.ThrowIfNull(experimentFunction);
        hyperParameters ??= new HyperParameters();
        (output, error) = (output ?? Console.Out, error ?? Console.Error);
        var folder = new Option<string?>("--output_dir") { Description = "The folder of checkpoints and summaries; a training that is there goes on" };
        var member = new Option<string>("--schedule") { Description = "What to do: train, evaluate, train_and_evaluate or another member of the experiment", DefaultValueFactory = _ => schedule };
        var settings = new Option<string>("--hparams") { Description = $"name=value,... of: {(hyperParameters.Names.Count == 0 ? "none" : hyperParameters)}", DefaultValueFactory = static _ => "" };
        var command = new RootCommand("Runs an experiment.") { folder, member, settings };
        ParseResult parsed = command.Parse(args);
        if (parsed.Errors.Count > 0) return Wrong(parsed.Errors[0].Message, error);
        if (parsed.Action is not null) return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error });
        try
        {
            hyperParameters.Parse(parsed.GetValue(settings)!);
        }
        catch (InvalidArgumentException e)
        {
            return Wrong(e.Message, error);
        }
        try
        {
            RunConfig where = config ?? new RunConfig();
            if (parsed.GetValue(folder) is { Length: > 0 } given) where = where with { ModelDirectory = given };
            Experiment experiment = experimentFunction(where, hyperParameters) ?? throw new InvalidArgumentException("LearnRunner: the experiment function gave null; give an experiment.");
            string name = parsed.GetValue(member)!;
            MethodInfo[] members = MembersOf(experiment);
            if (Array.Find(members, m => Plain(m.Name) == Plain(name)) is not { } chosen)
                return Wrong($"There is no schedule '{name}'; there are {string.Join(", ", members.Select(static m => Underscored(m.Name)).Order(StringComparer.Ordinal))}.", error);
            if (chosen.Invoke(experiment, BindingFlags.DoNotWrapExceptions, null, null, CultureInfo.InvariantCulture) is IEnumerable<KeyValuePair<string, double>> figures)
                output.WriteLine(string.Join(", ", figures.Select(static f => string.Create(CultureInfo.InvariantCulture, $"{f.Key} = {f.Value:G6}"))));
            return 0;
        }
        catch (EagerException e)
        {
            error.WriteLine(e.Message);
            return 1;
        }
    }

    private static int Wrong(string message, TextWriter error)
    {
        error.WriteLine($"{message} See --help.");
        return 2;
    }

    private static MethodInfo[] MembersOf(Experiment experiment) =>
        [.. experiment.GetType().GetMethods(BindingFlags.Instance | BindingFlags.Public)
            .Where(static m => m.GetParameters().Length == 0 && !m.IsSpecialName && !m.IsGenericMethod && m.GetBaseDefinition().DeclaringType != typeof(object))];

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();

    private static string Underscored(string name) => string.Concat(name.Select(static (c, i) => char.IsUpper(c) ? $"{(i > 0 ? "_" : "")}{char.ToLowerInvariant(c)}" : $"{c}"));
}
