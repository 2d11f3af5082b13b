using System.Globalization;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Examples;

/// <summary>
/// A training that is killed (SIGKILL) over and over and resumed each time. EAGER_KILL_ROUNDS says how often:
/// <c>EAGER_KILL_ROUNDS=50 ./eager test KillTests</c>.
/// </summary>
public sealed class KillTests
{
    private const string RoundsVariable = "EAGER_KILL_ROUNDS";
    private const int DefaultRounds = 12;
    private const int MostSpins = 4_000_000;  // as long as some epochs take

    [Test]
    public void A_training_killed_at_random_instants_ends_with_the_bits_of_an_undisturbed_one()
    {
        if (!int.TryParse(Environment.GetEnvironmentVariable(RoundsVariable), NumberStyles.None, CultureInfo.InvariantCulture, out int rounds)) rounds = DefaultRounds;
        using var folder = new TempFolder();
        // Three batches an epoch, and a checkpoint after each epoch.
        SmallPictures.Write(folder.Path, "train", 96, seed: 1);
        SmallPictures.Write(folder.Path, "t10k", 20, seed: 2);
        string disturbed = folder.File("disturbed"), undisturbed = folder.File("undisturbed");
        // Dropout and shuffling draw random numbers, so that a generator or a place in the data that did not come back would show.
        string[] arguments = ["--model", "cnn", "--data-dir", folder.Path, "--batch-size", "32", "--epochs", $"{30 + (12 * rounds)}", "--checkpoint-dir"];

        var random = new Random(rounds);
        int kills = 0, savesCutOff = 0;
        long step = 0;
        for (int round = 0; round < rounds; round++)
        {
            using ExampleProgram program = ExampleProgram.Start("FashionMnist", [.. arguments, disturbed]);
            WaitForTheInstant(program, round % 3, disturbed, random);
            if (program.KillAtOnce()) kills++;
            if (PartialFiles(disturbed).Length > 0) savesCutOff++;

            long reached = StepOfWholeCheckpoints(disturbed);
            Assert.That(reached, Is.GreaterThanOrEqualTo(step), $"after round {round}");
            step = reached;
        }

        ExampleProgram.Result resumed = ExampleProgram.Run("FashionMnist", [.. arguments, disturbed]), whole = ExampleProgram.Run("FashionMnist", [.. arguments, undisturbed]);
        TestContext.Out.WriteLine($"{kills} kills, {savesCutOff} of them in a save, the last at step {step}");
        Assert.Multiple(() =>
        {
            Assert.That(resumed.ExitCode, Is.Zero, resumed.Errors);
            Assert.That(whole.ExitCode, Is.Zero, whole.Errors);
            Assert.That(kills, Is.GreaterThanOrEqualTo(2), "or nothing was tested");
            Assert.That(savesCutOff, Is.GreaterThanOrEqualTo(1), "or no save was tested");
            string last = LatestIn(undisturbed)!;
            Assert.That(Path.GetFileName(LatestIn(disturbed)), Is.EqualTo(Path.GetFileName(last)));
            // Weights, optimizer, generator and the place in the data, all of the file.
            Assert.That(File.ReadAllBytes(LatestIn(disturbed)!).AsSpan().SequenceEqual(File.ReadAllBytes(last)), Is.True);
        });
    }

    private static void WaitForTheInstant(ExampleProgram program, int kind, string folder, Random random)
    {
        if (kind == 0)
        {
            // Any time: while it starts, restores, or shows the model, which takes some fifteen lines, or soon after.
            program.SkipLines(random.Next(20));
            Thread.SpinWait(random.Next(MostSpins));
            return;
        }
        program.WaitForLine("epoch ");
        if (kind == 1)
        {
            Thread.SpinWait(random.Next(MostSpins));
            return;
        }
        // Within a save: once a second epoch ended, what a save before this start left behind is gone, and a partial file is a new one.
        program.WaitForLine("epoch ");
        while (!program.HasEnded && PartialFiles(folder).Length == 0) Thread.Yield();
    }

    private static string[] PartialFiles(string folder) => Directory.Exists(folder) ? Directory.GetFiles(folder, "*.partial") : [];

    private static string? LatestIn(string folder) => new CheckpointManager(new Checkpoint(), folder).Latest;

    /// <summary>The step of the latest checkpoint, 0 if there is none; all that are listed must be whole.</summary>
    private static long StepOfWholeCheckpoints(string folder)
    {
        long step = 0;
        foreach (string path in new CheckpointManager(new Checkpoint(), folder).Checkpoints)
        {
            using SafeTensorsFile file = SafeTensorsFile.Open(path);
            step = Checkpoint.RequireWhole(file);
        }
        return step;
    }
}
