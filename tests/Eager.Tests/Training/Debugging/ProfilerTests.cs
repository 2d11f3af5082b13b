using System.Text.Json;
using Eager.Autograd;
using Eager.Tests.Formats;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training.Debugging;

public sealed class ProfilerTests
{
    [Test]
    public void Every_operation_is_noted_with_its_shapes_and_bytes()
    {
        Tensor a = Tensor.Ones([2, 3]), b = Tensor.Ones([3, 4]);
        using var profile = Profiler.Start();
        Tensor y = a.MatMul(b).Relu();
        y = a.MatMul(b);

        ProfiledEvent first = profile.Events[0];
        Assert.That(profile.Events.Select(e => e.Name), Is.EqualTo(new[] { "MatMul", "Relu", "MatMul" }));
        Assert.That(first.Inputs, Is.EqualTo(new[] { Shape.FromSizes(2, 3), Shape.FromSizes(3, 4) }));
        Assert.That(first.Outputs, Is.EqualTo(new[] { Shape.FromSizes(2, 4) }));
        Assert.That(first.Bytes, Is.EqualTo(2 * 4 * sizeof(float)));
        Assert.That(first.MemoryInUse, Is.GreaterThan(0));
        Assert.That(first.Caller, Is.Null);
        ProfiledOperation product = profile.Operations.Single(o => o.Name == "MatMul");
        Assert.That((product.Calls, product.Bytes), Is.EqualTo((2L, 64L)));
        Assert.That(profile.Operations.Sum(o => o.Time.Ticks), Is.EqualTo(profile.Events.Sum(e => e.Duration.Ticks)));
        // One begins after the other ended.
        foreach ((ProfiledEvent earlier, ProfiledEvent later) in profile.Events.Zip(profile.Events.Skip(1))) Assert.That(later.Start, Is.GreaterThanOrEqualTo(earlier.Start + earlier.Duration));

        int count = profile.Events.Count;
        profile.Dispose();
        _ = a.MatMul(b);
        Assert.That(profile.Events, Has.Count.EqualTo(count));
        Assert.That(profile.ToString().Split('\n')[0], Does.Match("^operation +calls +ms +share +mean µs +bytes$"));
        Assert.That(profile.ToString(), Does.Match(@"(?m)^MatMul +2 +[0-9.]+ +[0-9]+ ?% +[0-9.]+ +64$"));
    }

    [Test]
    public void A_step_gives_the_same_numbers_under_it_with_tapes_inside_and_outside_and_traced()
    {
        Tensor x = Tensor.RandomNormal([5, 3], generator: new Generator(1));
        var w = new Variable(Tensor.RandomNormal([3, 2], generator: new Generator(2)));
        Tensor Loss() => x.MatMul(w).Tanh().Square().Mean();
        float[] expected = Gradient(Loss);
        using TracedFunction traced = Function.Trace(_ => Loss());
        traced.Call(x);

        using (var profile = Profiler.Start())
        {
            Assert.That(Gradient(Loss), Is.EqualTo(expected));
            Assert.That(profile.Events.Count(e => e.Name == "MatMul"), Is.GreaterThan(1), "the backward pass is seen");
            int before = profile.Events.Count;
            Assert.That(traced.Call(x).Item(), Is.EqualTo(Loss().Item()));
            Assert.That(profile.Events.Skip(before).Count(e => e.Name == "Tanh"), Is.EqualTo(2), "a traced function runs as C#");
        }
        using (var tape = new GradientTape())
        {
            Tensor loss;
            using (Profiler.Start()) loss = Loss();
            Assert.That(tape.Gradient(loss, w)!.ToArray<float>(), Is.EqualTo(expected));
        }
        using (Profiler.Start())
        {
            Tensor mapped = Function.Vmap((Tensor row) => row.Square().Sum())(x);
            Assert.That(mapped.ToArray<float>(), Is.EqualTo(x.Square().Sum(-1).ToArray<float>()));
            Assert.That(() => x.MatMul(x), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("MatMul"));
        }

        float[] Gradient(Func<Tensor> loss)
        {
            using var tape = new GradientTape();
            return tape.Gradient(loss(), w)!.ToArray<float>();
        }
    }

    [Test]
    public void A_trace_for_Chrome_holds_operations_regions_callers_and_memory()
    {
        using var folder = new TempFolder();
        string path = folder.File("trace.json");
        using (var profile = Profiler.Start(callers: true))
        {
            using (profile.Region("my \"step\"")) _ = Tensor.Ones([2]) + Tensor.Ones([2, 2]);
            profile.SaveChromeTrace(path);
        }

        using JsonDocument trace = JsonDocument.Parse(File.ReadAllText(path));
        JsonElement[] events = [.. trace.RootElement.GetProperty("traceEvents").EnumerateArray()];
        JsonElement[] spans = [.. events.Where(e => e.GetProperty("ph").GetString() == "X")];
        JsonElement add = spans.Single(e => e.GetProperty("name").GetString() == "Add"), region = spans[^1];
        Assert.That(add.GetProperty("args").GetProperty("inputs").GetString(), Is.EqualTo("[2], [2, 2]"));
        Assert.That(add.GetProperty("args").GetProperty("bytes").GetInt64(), Is.EqualTo(16));
        Assert.That(add.GetProperty("args").GetProperty("caller").GetString(), Does.Contain(nameof(A_trace_for_Chrome_holds_operations_regions_callers_and_memory)));
        Assert.That(region.GetProperty("name").GetString(), Is.EqualTo("my \"step\""));
        Assert.That(region.GetProperty("cat").GetString(), Is.EqualTo("region"));
        Assert.That(region.GetProperty("ts").GetDouble(), Is.LessThanOrEqualTo(add.GetProperty("ts").GetDouble()));
        Assert.That(region.GetProperty("ts").GetDouble() + region.GetProperty("dur").GetDouble(), Is.GreaterThanOrEqualTo(add.GetProperty("ts").GetDouble() + add.GetProperty("dur").GetDouble()));
        Assert.That(events.Count(e => e.GetProperty("ph").GetString() == "C"), Is.EqualTo(spans.Length));
        Assert.That(() => Saved(folder.File("no/such/trace.json")), Throws.TypeOf<FileWriteException>().With.Message.Contains("trace.json"));

        static void Saved(string path)
        {
            using var profile = Profiler.Start();
            profile.SaveChromeTrace(path);
        }
    }

    [Test]
    public void Events_are_bounded_and_totals_are_not()
    {
        using var profile = Profiler.Start(maxEvents: 3);
        Tensor x = Tensor.Ones([2]);
        for (int i = 0; i < 10; i++) _ = x.Exp();
        Assert.That(profile.Events, Has.Count.EqualTo(3));
        Assert.That(profile.Operations.Single(o => o.Name == "Exp").Calls, Is.EqualTo(10));
        Assert.That(profile.DroppedEvents, Is.EqualTo(profile.Operations.Sum(o => o.Calls) - 3));
        Assert.That(() => Profiler.Start(maxEvents: -1), Throws.TypeOf<InvalidArgumentException>());
        Exception? elsewhere = null;
        var other = new Thread(() =>
        {
            try
            {
                profile.Dispose();
            }
            catch (InvalidArgumentException e)
            {
                elsewhere = e;
            }
        });
        other.Start();
        other.Join();
        Assert.That(elsewhere?.Message, Does.Contain("thread"));
    }
}
