using System.Globalization;
using Eager.Train.Summaries.Protos;
using Google.Protobuf.WellKnownTypes;

namespace Eager.Train;

/// <summary>How a trial ended.</summary>
public enum TrialStatus
{
    /// <summary>It came to its end.</summary>
    Success = 1,

    /// <summary>It broke off.</summary>
    Failure = 2,

    /// <summary>It still runs.</summary>
    Running = 3,
}

/// <summary>A setting that the trials of an experiment vary, and the values that it may take.</summary>
public sealed class Hyperparameter
{
    private Hyperparameter(HParamInfo info) => Info = info;

    /// <summary>The setting's name.</summary>
    public string Name => Info.Name;

    internal HParamInfo Info { get; }

    /// <summary>A number from a range.</summary>
    /// <exception cref="InvalidArgumentException">The range is not finite or not in order.</exception>
    public static Hyperparameter Number(string name, double min, double max)
    {
        if (!double.IsFinite(min) || !double.IsFinite(max) || min > max)
            throw new InvalidArgumentException(string.Create(CultureInfo.InvariantCulture, $"Hyperparameter '{name}': {min} to {max} is no range; give two finite numbers in order."));
        return new(new() { Name = name, Type = HParamType.DataTypeFloat64, DomainInterval = new() { MinValue = min, MaxValue = max } });
    }

    /// <summary>One of some numbers; any number when none is listed.</summary>
    public static Hyperparameter Number(string name, params ReadOnlySpan<double> choices)
    {
        var info = new HParamInfo { Name = name, Type = HParamType.DataTypeFloat64 };
        if (choices.Length > 0) info.DomainDiscrete = Value.ForList([.. choices.ToArray().Select(Value.ForNumber)]).ListValue;
        return new(info);
    }

    /// <summary>One of some texts; any text when none is listed.</summary>
    public static Hyperparameter Text(string name, params ReadOnlySpan<string> choices)
    {
        var info = new HParamInfo { Name = name, Type = HParamType.DataTypeString };
        if (choices.Length > 0) info.DomainDiscrete = Value.ForList([.. choices.ToArray().Select(Value.ForString)]).ListValue;
        return new(info);
    }

    /// <summary>Yes or no.</summary>
    public static Hyperparameter Flag(string name) => new(new()
    {
        Name = name,
        Type = HParamType.DataTypeBool,
        DomainDiscrete = Value.ForList(Value.ForBool(false), Value.ForBool(true)).ListValue,
    });
}

public sealed partial class Summary
{
    private const string HyperparametersPlugin = "hparams";

    /// <summary>What the trials of an experiment vary and what they are judged by; logged once, in the folder around the trials' folders.</summary>
    /// <param name="hyperparameters">The settings.</param>
    /// <param name="metrics">The tags of the scalars to compare the trials by.</param>
    /// <exception cref="InvalidArgumentException">Two settings have the same name.</exception>
    public static Summary Experiment(IEnumerable<Hyperparameter> hyperparameters, IEnumerable<string> metrics)
    {
        var experiment = new Summaries.Protos.Experiment();
        var names = new HashSet<string>();
        foreach (Hyperparameter hyperparameter in hyperparameters)
        {
            if (!names.Add(hyperparameter.Name)) throw new InvalidArgumentException($"Experiment: there are two hyperparameters '{hyperparameter.Name}'; give each a name of its own.");
            experiment.HparamInfos.Add(hyperparameter.Info);
        }
        experiment.MetricInfos.AddRange(metrics.Select(static tag => new MetricInfo { Name = new MetricName { Tag = tag } }));
        return Trial("_hparams_/experiment", new() { Experiment = experiment });
    }

    /// <summary>The settings of the trial that begins; logged once, in a folder of the trial's own, where its scalars go too.</summary>
    /// <param name="hyperparameters">The settings by name: texts, bools and numbers.</param>
    /// <param name="group">The name of what is tried; trials that share it, such as repetitions, are shown as one. A new one when null.</param>
    /// <param name="start">When it began; now when null.</param>
    /// <exception cref="InvalidArgumentException">A setting is neither text nor bool nor number.</exception>
    public static Summary TrialStart(IReadOnlyDictionary<string, object> hyperparameters, string? group = null, DateTime? start = null)
    {
        var info = new SessionStartInfo { GroupName = group ?? Guid.NewGuid().ToString("N"), StartTimeSecs = Seconds(start) };
        foreach ((string name, object value) in hyperparameters) info.Hparams[name] = ToProto(name, value);
        return Trial("_hparams_/session_start_info", new() { SessionStartInfo = info });
    }

    /// <summary>How the trial ended; logged once, where its start was.</summary>
    /// <param name="status">How it ended.</param>
    /// <param name="end">When it ended; now when null.</param>
    public static Summary TrialEnd(TrialStatus status, DateTime? end = null) =>
        Trial("_hparams_/session_end_info", new() { SessionEndInfo = new() { Status = (TrialStatusProto)status, EndTimeSecs = Seconds(end) } });

    private static Summary Trial(string tag, HParamsPluginData data) =>
        new(Value(nameof(Experiment), tag, HyperparametersPlugin, DataClass.Tensor, Numbers([0], ReadOnlySpan<float>.Empty), data));

    private static double Seconds(DateTime? time) => ((time?.ToUniversalTime() ?? DateTime.UtcNow) - DateTime.UnixEpoch).TotalSeconds;

    private static Google.Protobuf.WellKnownTypes.Value ToProto(string name, object value) => value switch
    {
        string text => Google.Protobuf.WellKnownTypes.Value.ForString(text),
        bool flag => Google.Protobuf.WellKnownTypes.Value.ForBool(flag),
        sbyte or byte or short or ushort or int or uint or long or ulong or Half or float or double or decimal =>
            Google.Protobuf.WellKnownTypes.Value.ForNumber(value is Half half ? (double)half : Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        _ => throw new InvalidArgumentException($"TrialStart: the hyperparameter '{name}' is {(value is null ? "null" : $"a {value.GetType().Name}")}; it takes texts, bools and numbers."),
    };
}
