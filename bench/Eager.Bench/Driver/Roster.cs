using System.Globalization;
using Eager.Train;

namespace Eager.Bench;

/// <summary>One way to start and ask a contestant.</summary>
/// <param name="Variant">The contestant's own word for what is asked of it.</param>
/// <param name="Note">The setting in words, for the table's reader.</param>
internal sealed record Candidate(Launch Launch, string Variant, string Note);

/// <summary>A column of the table: of several candidates the quickest for a row stands for it.</summary>
internal sealed record Contestant(string Name, IReadOnlyList<Candidate> Candidates);

/// <summary>
/// Who takes part, at one thread count. Two threads mean OpenBLAS with two; ATen's own start at one in Debian's
/// LibTorch, as it comes, and more of them is one of the settings tried for the tuned contestants.
/// </summary>
internal sealed class Roster(Tools tools, string data, int threads)
{
    public const string Eager = "Eager";
    public const string EagerCollected = "Eager, collected";
    public const string EagerTraced = "Eager, traced";
    public const string EagerRecorded = "Eager, recorded";
    public const string PyTorch = "PyTorch";
    public const string PyTorchTuned = "PyTorch, tuned";
    public const string PyTorchSynced = "PyTorch, fsync";
    public const string PlainFile = "a plain file";
    public const string PyTorchRecorded = "PyTorch, recorded";
    public const string LibTorch = "LibTorch C++";
    public const string LibTorchAutograd = "LibTorch autograd";
    public const string LibTorchRecorded = "LibTorch, recorded";
    public const string NumPy = "NumPy";

    /// <summary>Glibc keeps what was freed instead of giving it back and faulting it in again.</summary>
    private static readonly Dictionary<string, string> TunedMalloc = new()
    {
        ["MALLOC_TRIM_THRESHOLD_"] = "4294967296",
        ["MALLOC_MMAP_THRESHOLD_"] = "4294967296",
    };

    // One thread means one core, the same for all.
    private int? Core { get; } = threads == 1 ? Cores.Quickest() : null;

    private string Count { get; } = threads.ToString(CultureInfo.InvariantCulture);

    public IReadOnlyList<Contestant> ForTraining() =>
    [
        .. EagerColumns((Eager, "scoped"), (EagerCollected, "collected"), (EagerTraced, "traced")),
        .. TorchColumn(PyTorch, Torch(1, "plain", tuned: false)),
        .. TorchColumn(PyTorchTuned, [.. TunedTorch()]),
        .. LibTorchColumns((LibTorch, "below_autograd"), (LibTorchAutograd, "autograd")),
        .. NumPyColumn(),
    ];

    public IReadOnlyList<Contestant> ForOperations() =>
    [
        .. EagerColumns((Eager, "disposed"), (EagerCollected, "collected"), (EagerRecorded, "recorded")),
        .. TorchColumn(PyTorchTuned, Torch(1, "plain", tuned: true)),
        .. TorchColumn(PyTorchRecorded, Torch(1, "recorded", tuned: true)),
        .. LibTorchColumns((LibTorch, "below_autograd"), (LibTorchRecorded, "recorded")),
        .. NumPyColumn(),
    ];

    /// <summary>Those who know a workload. Eager, too, takes part with ATen's threads at one and at all.</summary>
    public IReadOnlyList<Contestant> ForWorkload(string title)
    {
        IEnumerable<Candidate> torch = TunedTorch().Where(candidate => candidate.Variant == "loop");
        return
        [
            new Contestant(Eager, [.. EagerCandidates()]),
            .. TorchColumn(PyTorchTuned, [.. torch]),
            .. Workload.All.Single(w => w.Title == title).NumPyHasIt ? NumPyColumn() : [],
        ];
    }

    /// <summary>PyTorch twice: its memory differs between malloc's settings.</summary>
    public IReadOnlyList<Contestant> ForMemory() =>
    [
        .. EagerColumns((Eager, "scoped"), (EagerCollected, "collected")),
        .. TorchColumn(PyTorch, Torch(1, "loop", tuned: false)),
        .. TorchColumn(PyTorchTuned, Torch(1, "loop", tuned: true)),
    ];

    /// <summary>Each with its ways of reading ahead. Data sets come with Debian's package, without which nobody takes part.</summary>
    public IReadOnlyList<Contestant> ForEpochs()
    {
        if (!Directory.Exists(FashionMnist.DefaultFolder))
            return [];
        var eager = EagerColumns((Eager, "")).Single().Candidates[0];
        var torch = tools.PythonWithTorch is null ? null : Torch(1, "", tuned: true);
        return
        [
            new Contestant(Eager, [eager with { Variant = "reader", Note = "one thread reads ahead" }, eager with { Variant = "decoders", Note = "two decode" }]),
            .. torch is null ? [] : TorchColumn(PyTorchTuned,
                torch with { Variant = "batches", Note = "DataLoader of batches, 2 workers" },
                torch with { Variant = "pictures", Note = "DataLoader of pictures, 2 workers" },
                torch with { Variant = "alone", Note = "DataLoader of batches, no workers" }),
        ];
    }

    /// <summary>PyTorch as it comes, and bringing what it wrote to the disk as Eager does.</summary>
    public IReadOnlyList<Contestant> ForFiles() =>
    [
        .. EagerColumns((Eager, ""), (PlainFile, "file")),
        .. TorchColumn(PyTorch, Torch(1, "plain", tuned: true)),
        .. TorchColumn(PyTorchSynced, Torch(1, "synced", tuned: true)),
    ];

    /// <summary>Programs that print one result and end.</summary>
    public IReadOnlyList<Contestant> ForStart()
    {
        const string sum = "import {0}; print({0}.ones(3).sum())";
        var (program, arguments) = Tools.Self();
        List<Contestant> columns = [Once(Eager, program, [.. arguments, "once"])];
        if (tools.PythonWithTorch is { } torch)
            columns.Add(Once(PyTorch, torch, ["-c", string.Format(CultureInfo.InvariantCulture, sum, "torch")]));
        if (tools.LibTorchPeer is { } peer)
            columns.Add(Once(LibTorch, peer, ["--once"]));
        if (tools.PythonWithNumPy is { } numPy)
            columns.Add(Once(NumPy, numPy, ["-c", string.Format(CultureInfo.InvariantCulture, sum, "numpy")]));
        return columns;
    }

    /// <summary>One process of each contestant, to be asked for its version.</summary>
    public IEnumerable<(string Name, Launch Launch)> OneOfEach()
    {
        foreach (var contestant in ForTraining())
        {
            if (contestant.Name is Eager or PyTorch or LibTorch or NumPy)
                yield return (contestant.Name, contestant.Candidates[0].Launch);
        }
    }

    /// <summary>Who measures what the machine can do: LibTorch with all threads for its own kernels as well.</summary>
    public Launch? ForLimits()
        => tools.LibTorchPeer is { } program ? LibTorchCandidates(program, "").Last().Launch : null;

    private static Contestant Once(string name, string program, string[] arguments)
        => new(name, [new Candidate(new Launch(name, program, arguments, new Dictionary<string, string>()), "", "")]);

    private IEnumerable<Contestant> EagerColumns(params (string Name, string Variant)[] columns)
    {
        var (program, arguments) = Tools.Self();
        // On a core that a loop keeps busy the runtime compiles hot methods seconds late, after all rounds of the first rows.
        var environment = new Dictionary<string, string> { ["DOTNET_TC_CallCountingDelayMs"] = "0" };
        var launch = new Launch($"eager, {threads}", program, [.. arguments, "serve", data, Count], environment, Core);
        return columns.Select(column => new Contestant(column.Name, [new Candidate(launch, column.Variant, "")]));
    }

    private IEnumerable<Candidate> EagerCandidates()
    {
        var (program, arguments) = Tools.Self();
        foreach (var kernels in threads == 1 ? [1] : (int[])[1, threads])
        {
            string[] all = [.. arguments, "serve", data, Count, kernels.ToString(CultureInfo.InvariantCulture)];
            yield return new Candidate(new Launch($"eager, {threads}, {kernels}", program, all, new Dictionary<string, string>(), Core), "", $"ATen threads {kernels}");
        }
    }

    private IEnumerable<Contestant> TorchColumn(string name, params Candidate[] candidates)
        => tools.PythonWithTorch is null ? [] : [new Contestant(name, candidates)];

    /// <summary>
    /// All that a user could turn: Adam's way, ATen's threads beside OpenBLAS's, and whether idle OpenMP workers spin.
    /// </summary>
    private IEnumerable<Candidate> TunedTorch()
    {
        foreach (var adam in (string[])["loop", "foreach"])
        {
            yield return Torch(1, adam, tuned: true);
            if (threads == 1)
                continue;
            yield return Torch(threads, adam, tuned: true);
            yield return Torch(threads, adam, tuned: true, passive: true);
        }
    }

    private Candidate Torch(int atenThreads, string variant, bool tuned, bool passive = false)
    {
        var environment = Environment(tuned, passive);
        var note = $"{variant}, ATen threads {atenThreads}" + (passive ? ", passive" : "");
        var key = $"PyTorch, {threads}, {atenThreads}, {tuned}, {passive}";
        string[] arguments = [Script("torch_peer.py"), "--data", data, "--threads", atenThreads.ToString(CultureInfo.InvariantCulture)];
        return new Candidate(new Launch(key, tools.PythonWithTorch!, arguments, environment, Core), variant, note);
    }

    private IEnumerable<Contestant> LibTorchColumns(params (string Name, string Variant)[] columns)
    {
        if (tools.LibTorchPeer is not { } program)
            return [];
        return columns.Select(column => new Contestant(column.Name, [.. LibTorchCandidates(program, column.Variant)]));
    }

    private IEnumerable<Candidate> LibTorchCandidates(string program, string variant)
    {
        foreach (var atenThreads in threads == 1 ? [1] : (int[])[1, threads])
        {
            var key = $"LibTorch, {threads}, {atenThreads}";
            string[] arguments = [data, atenThreads.ToString(CultureInfo.InvariantCulture)];
            var launch = new Launch(key, program, arguments, Environment(tuned: true, passive: true), Core);
            yield return new Candidate(launch, variant, $"ATen threads {atenThreads}");
        }
    }

    private IEnumerable<Contestant> NumPyColumn()
    {
        if (tools.PythonWithNumPy is not { } python)
            return [];
        var launch = new Launch($"NumPy, {threads}", python, [Script("numpy_peer.py"), "--data", data], Environment(tuned: true, passive: false), Core);
        return [new Contestant(NumPy, [new Candidate(launch, "plain", "")])];
    }

    private string Script(string name) => Path.Combine(tools.PeersFolder, name);

    private Dictionary<string, string> Environment(bool tuned, bool passive)
    {
        var environment = tuned ? new Dictionary<string, string>(TunedMalloc) : [];
        environment["OPENBLAS_NUM_THREADS"] = Count;
        environment["OMP_NUM_THREADS"] = Count;
        if (passive)
            environment["OMP_WAIT_POLICY"] = "passive";
        return environment;
    }
}
