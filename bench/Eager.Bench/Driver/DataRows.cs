using System.Text.Json.Nodes;

namespace Eager.Bench;

/// <summary>W6: epochs from the files of a data set, the contestants' ways of reading ahead in turns.</summary>
internal static class EpochRow
{
    private const int Images = 60_000;

    public static IReadOnlyList<EpochCourse> Run(IReadOnlyList<Contestant> contestants, int rounds, bool quick)
    {
        using var peers = new Peers();
        var seats = contestants.SelectMany(c => c.Candidates.Select(candidate => (c.Name, Candidate: candidate, Replies: new List<JsonObject>()))).ToArray();
        for (var round = -1; round < rounds; round++)
        {
            foreach (var (_, candidate, replies) in seats)
            {
                var request = new JsonObject { ["run"] = "W6", ["variant"] = candidate.Variant, ["images"] = quick ? Images / 10 : Images };
                var reply = peers.Ask(candidate.Launch, request);
                if (round >= 0)
                    replies.Add(reply);
            }
        }

        return [.. seats.Select(seat => Course(seat.Name, seat.Candidate.Note, seat.Replies)).GroupBy(course => course.Contestant).Select(ways => ways.MaxBy(way => way.ImagesPerSecond)!)];
    }

    private static EpochCourse Course(string name, string setting, List<JsonObject> replies) =>
        new(name, setting, replies.Median("images_per_s"), replies.Median("waiting"), replies.Median("opening_s"), replies.Median("loss"));
}

/// <summary>W11: a checkpoint of a gigabyte, and ten thousand scalars written while training.</summary>
internal static class FileRow
{
    private const int Megabytes = 1024;
    private const int Scalars = 10_000;

    public static IReadOnlyList<FileCourse> Run(IReadOnlyList<Contestant> contestants, int rounds, bool quick)
    {
        using var peers = new Peers();
        var share = quick ? 10 : 1;
        var checkpoints = contestants.Select(_ => new List<JsonObject>()).ToArray();
        var events = contestants.Select(_ => new List<JsonObject>()).ToArray();
        for (var round = -1; round < rounds; round++)
        {
            for (var i = 0; i < contestants.Count; i++)
            {
                var candidate = contestants[i].Candidates[0];
                var saved = peers.Ask(candidate.Launch, new JsonObject { ["run"] = "W11 checkpoint", ["variant"] = candidate.Variant, ["megabytes"] = Megabytes / share });
                var written = peers.Ask(candidate.Launch, new JsonObject { ["run"] = "W11 events", ["variant"] = candidate.Variant, ["scalars"] = Scalars / share });
                if (round < 0)
                    continue;
                checkpoints[i].Add(saved);
                events[i].Add(written);
            }
        }

        return [.. contestants.Select((c, i) => new FileCourse(c.Name, checkpoints[i].Median("save_gb_per_s"), checkpoints[i].Median("restore_gb_per_s"), Slowdown(events[i])))];
    }

    // A peer without TensorBoard's package has no such figure.
    private static double? Slowdown(List<JsonObject> replies) => replies.All(r => r["writing_s"] is not null)
        ? Statistics.Median(replies.Select(r => (double)r["writing_s"]! / (double)r["plain_s"]!)) - 1
        : null;
}

internal static class Replies
{
    /// <summary>The median of a figure over the turns.</summary>
    public static double Median(this IEnumerable<JsonObject> replies, string figure) => Statistics.Median(replies.Select(reply => (double)reply[figure]!));
}
