namespace Eager.Layers;

/// <summary>The uses of layers that lie between the inputs and the outputs of a model, in an order in which they can run.</summary>
internal sealed class ModelGraph
{
    private readonly LayerCall[] calls;
    private readonly Dictionary<SymbolicTensor, int> slots = [];   // the place of each symbol's value while the model runs
    private readonly Dictionary<object, int> met = [];      // calls and inputs, in the order in which a walk from the outputs meets them
    private readonly Dictionary<object, int> depths = [];   // of calls and inputs: how many calls follow at the most
    private readonly Dictionary<Layer, string> names = [];

    internal ModelGraph(IReadOnlyList<SymbolicTensor> inputs, IReadOnlyList<SymbolicTensor> outputs, string title)
    {
        if (inputs.Count == 0 || outputs.Count == 0) throw new InvalidArgumentException($"{title}: a model has at least one input and one output; {inputs.Count} and {outputs.Count} were given.");
        (Inputs, Outputs) = ([.. inputs], [.. outputs]);
        foreach (SymbolicTensor input in inputs)
            if (!slots.TryAdd(input, slots.Count)) throw new InvalidArgumentException($"{title}: the input '{input}' is listed twice.");
        calls = InOrder(title);
        foreach (SymbolicTensor made in calls.SelectMany(static call => call.Outputs)) slots.TryAdd(made, slots.Count);
        Layers = [.. calls.Select(static call => call.Layer).Distinct()];
        InputNames = NameAll(title);
    }

    internal SymbolicTensor[] Inputs { get; }

    internal SymbolicTensor[] Outputs { get; }

    internal IReadOnlyList<Layer> Layers { get; }

    internal string[] InputNames { get; }

    internal string NameOf(Layer layer) => names[layer];

    /// <summary>Carries values of some kind from the inputs to the outputs.</summary>
    internal T[] Walk<T>(IReadOnlyList<T> inputs, Func<Layer, IReadOnlyList<T>, IReadOnlyList<T>> call)
    {
        var values = new T[slots.Count];
        for (int i = 0; i < inputs.Count; i++) values[i] = inputs[i];
        foreach (LayerCall step in calls)
        {
            IReadOnlyList<T> made = call(step.Layer, Array.ConvertAll(step.Inputs, x => values[slots[x]]));
            for (int i = 0; i < made.Count; i++)
            {
                int slot = slots[step.Outputs[i]];
                if (slot >= inputs.Count) values[slot] = made[i];  // a symbol at which the model begins has been given
            }
        }
        return Array.ConvertAll(Outputs, y => values[slots[y]]);
    }

    internal string[] NamesOfOutputs()
    {
        var given = new List<string>();
        foreach (SymbolicTensor output in Outputs)
        {
            string name = output.Origin is { } call && names.TryGetValue(call.Layer, out string? layer) ? layer : InputNames[Array.IndexOf(Inputs, output)];
            int number = 1;
            string free = name;
            while (given.Contains(free)) free = $"{name}_{number++}";
            given.Add(free);
        }
        return [.. given];
    }

    /// <summary>A row for each input and each layer, in the order of Keras.</summary>
    internal IReadOnlyList<SummaryRow> SummaryRows()
    {
        var callsOf = calls.GroupBy(static call => call.Layer).ToDictionary(static group => group.Key, static group => group.ToList());
        var inputRows = Inputs.Select((input, i) => (Depth: depths.GetValueOrDefault(input), Met: met.GetValueOrDefault(input), Row: new SummaryRow(InputNames[i], "InputLayer", [input.Shape], null, [])));
        var layerRows = Layers.Select(layer => (Depth: callsOf[layer].Max(call => depths[call]), Met: callsOf[layer].Min(call => met[call]),
            Row: new SummaryRow(names[layer], layer.GetType().Name, ShapesOf(callsOf[layer]), layer, [.. callsOf[layer].SelectMany(static call => call.Inputs).Select(Source)])));
        return [.. inputRows.Concat(layerRows).OrderByDescending(static entry => entry.Depth).ThenBy(static entry => entry.Met).Select(static entry => entry.Row)];

        SummarySource Source(SymbolicTensor x) => Array.IndexOf(Inputs, x) is >= 0 and int input
            ? new(InputNames[input], 0, 0)
            : new(names[x.Origin!.Layer], callsOf[x.Origin.Layer].IndexOf(x.Origin), x.Index);
    }

    // By depth, as Keras lists layers, and where that is equal in the order in which a walk from the outputs meets them.
    private LayerCall[] InOrder(string title)
    {
        var done = new List<LayerCall>();   // each after those whose results it needs
        var open = new Stack<(LayerCall Call, int Next)>();
        foreach (SymbolicTensor output in Outputs)
        {
            Visit(output, output, null);
            while (open.TryPop(out (LayerCall Call, int Next) at))
            {
                if (at.Next == at.Call.Inputs.Length)
                {
                    done.Add(at.Call);
                    continue;
                }
                open.Push((at.Call, at.Next + 1));
                Visit(at.Call.Inputs[at.Next], output, at.Call);
            }
        }
        foreach (LayerCall call in Enumerable.Reverse(done))
        {
            int depth = depths[call] = depths.GetValueOrDefault(call);
            foreach (SymbolicTensor input in call.Inputs)
            {
                object before = slots.ContainsKey(input) ? input : input.Origin!;
                depths[before] = Math.Max(depths.GetValueOrDefault(before), depth + 1);
            }
        }
        return [.. done.OrderByDescending(call => depths[call]).ThenBy(call => met[call])];

        void Visit(SymbolicTensor x, SymbolicTensor output, LayerCall? user)
        {
            if (slots.ContainsKey(x))
            {
                met.TryAdd(x, met.Count);
                return;
            }
            if (x.Origin is null) throw new InvalidArgumentException($"{title}: the output {output} cannot be computed from the inputs listed: {(user is null ? "it is" : $"layer '{user.Layer.Name}' needs")} {x}, which is not among them; list it.");
            if (met.TryAdd(x.Origin, met.Count)) open.Push((x.Origin, 0));
        }
    }

    // Names that were given come first and must differ; the others are numbered around them.
    private string[] NameAll(string title)
    {
        var taken = new HashSet<string>();
        foreach (string given in Inputs.OfType<Input>().Select(static x => x.Name).OfType<string>().Concat(Layers.Where(static l => l.IsNameGiven).Select(static l => l.Name)))
            if (!taken.Add(given)) throw new InvalidArgumentException($"{title}: several inputs or layers are called '{given}'; give each a name of its own.");
        foreach (Layer layer in Layers)
        {
            string name = layer.IsNameGiven || (layer.HasName && taken.Add(layer.Name)) ? layer.Name : Free(layer.Kind);
            layer.Christen(name);
            names[layer] = name;
        }
        return Array.ConvertAll(Inputs, input => (input as Input)?.Name ?? Free("input"));

        string Free(string kind)
        {
            int number = 1;
            while (!taken.Add($"{kind}_{number}")) number++;
            return $"{kind}_{number}";
        }
    }

    // A layer that gives another shape at each use has none to show.
    private static IReadOnlyList<Shape> ShapesOf(List<LayerCall> uses)
    {
        Shape[] first = [.. uses[0].Outputs.Select(static y => y.Shape)];
        return uses.TrueForAll(use => use.Outputs.Select(static y => y.Shape.ToString()).SequenceEqual(first.Select(static s => s.ToString()))) ? first : [];
    }
}
