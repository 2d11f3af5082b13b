using System.Text;
using Eager.Autograd;
using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Formats;

/// <summary>A traced graph as GraphDef, read field by field.</summary>
public sealed class GraphExportTests
{
    [Test]
    public void Every_node_has_a_type_a_dtype_and_shapes_and_its_inputs_exist()
    {
        WireMessage[] nodes = Nodes();
        string[] names = [.. nodes.Select(n => n.Text(1))];
        Assert.Multiple(() =>
        {
            Assert.That(names, Is.Unique);
            Assert.That(nodes.Select(n => n.Text(2)), Has.None.Empty);
            Assert.That(nodes.SelectMany(n => n.Texts(3)).Select(i => i.TrimStart('^').Split(':')[0]).Distinct(), Is.SubsetOf(names));
            foreach (WireMessage node in nodes)
                Assert.That(Attribute(node, "_output_shapes").Message(1).Messages(7), Is.Not.Empty, node.Text(1));
        });
    }

    [Test]
    public void Names_scopes_unknown_sizes_and_control_edges_are_those_of_the_trace()
    {
        WireMessage[] nodes = Nodes();
        WireMessage product = nodes.Single(n => n.Text(1) == "hidden/MatMul");
        WireMessage second = nodes.Single(n => n.Text(1) == "AssignSub_1");
        Assert.Multiple(() =>
        {
            Assert.That(product.Text(2), Is.EqualTo("MatMul"));
            Assert.That(product.Texts(3), Is.EqualTo(new[] { "images", "w" }));
            Assert.That(product.Text(4), Is.EqualTo("/device:CPU:0"));
            Assert.That(Attribute(product, "dtype").Number(6), Is.EqualTo(1), "DT_FLOAT");
            Assert.That(Attribute(product, "_output_shapes").Message(1).Messages(7)[0].Messages(2).Select(d => (long)d.Number(1)), Is.EqualTo(new long[] { -1, 3 }));
            Assert.That(second.Texts(3), Does.Contain("^AssignSub"));
        });
    }

    [Test]
    public void Every_dtype_has_the_number_that_TensorFlow_gives_it()
    {
        // The numbers of tensorflow/core/framework/types.proto.
        Dictionary<DType, int> numbers = new()
        {
            [DType.Float32] = 1, [DType.Float64] = 2, [DType.Int32] = 3, [DType.UInt8] = 4, [DType.Int16] = 5, [DType.Int8] = 6, [DType.Complex64] = 8, [DType.Int64] = 9,
            [DType.Bool] = 10, [DType.QInt8] = 11, [DType.QUInt8] = 12, [DType.QInt32] = 13, [DType.BFloat16] = 14, [DType.Complex128] = 18, [DType.Float16] = 19,
        };
        Assert.That(DTypes.All.ToDictionary(static d => d, static d => (int)GraphExport.ToDataType(d)), Is.EquivalentTo(numbers));
        Assert.That(() => GraphExport.ToDataType((DType)99), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("99"));
    }

    [Test]
    public void Run_metadata_has_the_time_and_the_bytes_of_every_operation_that_ran()
    {
        using TracedFunction step = Step();
        Tensor images = Tensor.Ones([5, 4]);
        step.Call(images);
        using (var profile = Profiler.Start())
        {
            using (profile.Region("step")) step.Call(images);
            WireMessage device = new WireMessage(step.Graph.ToRunMetadata(profile)).Message(1).Messages(1).Single();
            WireMessage[] stats = device.Messages(2);
            ProfiledEvent[] events = [.. profile.Events.Where(static e => !e.IsRegion)];
            Assert.That(device.Text(1), Is.EqualTo("/device:CPU:0"));
            Assert.That(stats.Select(static s => s.Text(1)), Is.EqualTo(step.Graph.Operations.Where(static o => o.Type is not ("Placeholder" or "Variable" or "Const")).Select(static o => o.Name)));
            Assert.That(stats.Select(static s => (long)s.Number(2)), Is.EqualTo(events.Select(static e => (long)e.Start.TotalMicroseconds)));
            Assert.That(stats.Select(static s => (long)s.Number(5)), Is.EqualTo(events.Select(static e => Math.Max(1, (long)Math.Round(e.Duration.TotalMicroseconds)))));
            WireMessage product = stats.Single(static s => s.Text(1) == "hidden/MatMul").Message(6);
            Assert.That(product.Text(1), Is.EqualTo("cpu"));
            Assert.That(product.Number(2), Is.EqualTo(5 * 3 * sizeof(float)));

            step.Call(images);
            Assert.That(() => step.Graph.ToRunMetadata(profile), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'step'").And.Message.Contains("MatMul").And.Message.Contains("its end"));
        }
    }

    [TestCase("a", 1021)]
    [TestCase("ä", 1020)]
    [TestCase("😀", 1020)]
    public void A_long_text_stays_below_the_size_that_the_dashboard_drops(string character, int bytes)
    {
        string cut = GraphExport.Cut(string.Concat(Enumerable.Repeat(character, 3000)));
        Assert.That(Encoding.UTF8.GetByteCount(cut), Is.EqualTo(bytes), "with three bytes of frame at most 1024");
        Assert.That(cut, Does.EndWith(character), "no character is cut in two");
        Assert.That(GraphExport.Cut(character), Is.EqualTo(character));
    }

    private static WireMessage[] Nodes()
    {
        using TracedFunction step = Step();
        step.Call(Tensor.Ones([5, 4]));
        return new WireMessage(step.Graph.ToGraphDef()).Messages(1);
    }

    private static TracedFunction Step()
    {
        Variable w = new(Tensor.Ones([4, 3]), name: "w"), b = new(Tensor.Zeros([3]), name: "b");
        return Function.Trace(
            x =>
            {
                using var tape = new GradientTape();
                Tensor y;
                using (NameScope.Open("hidden")) y = (x.MatMul(w) + b).Relu();
                Tensor loss = y.Square().Mean();
                Tensor?[] g = tape.Gradient(loss, [w, b]);
                w.AssignSub(g[0]!);
                b.AssignSub(g[1]!);
                return loss;
            },
            "step",
            [new([null, 4], Name: "images")]);
    }

    private static WireMessage Attribute(WireMessage node, string name) => node.Messages(5).Single(entry => entry.Text(1) == name).Message(2);
}
