using Eager.Layers;
using NUnit.Framework;

namespace Eager.Tests.Models;

/// <summary>Tables and drawings of models that are no simple chains; the tables are those of Keras 2.</summary>
public class ModelSummaryTests
{
    private const string Connected = """
        __________________________________________________________________________________________________
        Layer (type)                    Output Shape         Param #     Connected to
        ==================================================================================================
        image (InputLayer)              (None, 8)            0
        __________________________________________________________________________________________________
        dense_1 (Dense)                 (None, 4)            36          image[0][0]
        __________________________________________________________________________________________________
        input_1 (InputLayer)            (None, 4)            0
        __________________________________________________________________________________________________
        shared (Dense)                  (None, 4)            20          dense_1[0][0]
                                                                         input_1[0][0]
        __________________________________________________________________________________________________
        add_1 (Add)                     (None, 4)            0           shared[0][0]
                                                                         shared[1][0]
        ==================================================================================================
        Total params: 56
        Trainable params: 56
        Non-trainable params: 0
        __________________________________________________________________________________________________

        """;

    private const string Chain = """
        _________________________________________________________________
        Layer (type)                 Output Shape              Param #
        =================================================================
        input_1 (InputLayer)         (None, 20)                0
        _________________________________________________________________
        dense_1 (Dense)              (None, 64)                1344
        _________________________________________________________________
        dense_2 (Dense)              (None, 10)                650
        =================================================================
        Total params: 1,994
        Trainable params: 1,994
        Non-trainable params: 0
        _________________________________________________________________

        """;

    private const string Subclassed = """
        _________________________________________________________________
        Layer (type)                 Output Shape              Param #
        =================================================================
        body (Sequential)            (None, 3)                 21
        _________________________________________________________________
        heads_0 (Dense)              (None, 2)                 8
        _________________________________________________________________
        heads_1 (Dense)              (None, 2)                 8
        =================================================================
        Total params: 37
        Trainable params: 37
        Non-trainable params: 0
        _________________________________________________________________

        """;

    [Test]
    public void A_summary_says_what_layers_are_connected_to() => Assert.That(SharedModel().Summary(TextWriter.Null), Is.EqualTo(Connected));

    [Test]
    public void A_functional_model_that_is_a_chain_has_the_short_table()
    {
        var x = new Input([20]);

        Assert.That(new Model(x, new Dense(10).Call(new Dense(64).Call(x))).Summary(TextWriter.Null), Is.EqualTo(Chain));
    }

    [Test]
    public void A_subclassed_model_lists_the_layers_that_it_has()
    {
        var model = new TwoHeads();
        Assert.That(() => model.Summary(TextWriter.Null), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("call the model once"));

        model.Call(Tensor.Ones([1, 6]));

        Assert.That(model.Summary(TextWriter.Null), Is.EqualTo(Subclassed));
    }

    [Test]
    public void A_layer_that_gives_several_shapes_shows_them()
    {
        Input a = new([2]), b = new([3]);
        var doubled = new Lambda(static x => x * 2);
        var model = new Model([a, b], [.. Lambda.OfAll(static x => [x[0], x[1]]).CallAll([doubled.Call(a), doubled.Call(b)])]);

        string table = model.Summary(TextWriter.Null);

        Assert.That(table, Does.Contain("lambda_1 (Lambda)               multiple"));
        Assert.That(table, Does.Contain("lambda_2 (Lambda)               [(None, 2), (None,"));
        Assert.That(model.OutputNames, Is.EqualTo((string[])["lambda_2", "lambda_2_1"]));
    }

    [Test]
    public void A_drawing_has_a_box_for_each_layer_and_an_arrow_for_each_connection()
    {
        Assert.That(SharedModel().ToDot().Split('\n'), Is.EqualTo((string[])
        [
            "digraph \"twins\" {",
            "  node [shape=box, fontname=\"sans-serif\"];",
            "  \"image\" [label=\"image: InputLayer\\n(None, 8)\"];",
            "  \"dense_1\" [label=\"dense_1: Dense\\n(None, 4)\"];",
            "  \"image\" -> \"dense_1\";",
            "  \"input_1\" [label=\"input_1: InputLayer\\n(None, 4)\"];",
            "  \"shared\" [label=\"shared: Dense\\n(None, 4)\"];",
            "  \"dense_1\" -> \"shared\";",
            "  \"input_1\" -> \"shared\";",
            "  \"add_1\" [label=\"add_1: Add\\n(None, 4)\"];",
            "  \"shared\" -> \"add_1\";",
            "}",
            "",
        ]));
        Sequential chain = [new Dense(2, inputShape: [3], name: "a\"b"), new Dropout(0.5)];
        Assert.That(chain.ToDot(showShapes: false), Does.Contain("\"a\\\"b\" [label=\"a\\\"b: Dense\"];").And.Contain("\"a\\\"b\" -> \"dropout_1\";"));
    }

    private static Model SharedModel()
    {
        Input image = new([8], name: "image"), other = new([4]);
        var shared = new Dense(4, name: "shared");
        return new Model([image, other], [new Add().Call([shared.Call(new Dense(4).Call(image)), shared.Call(other)])], name: "twins");
    }

    private sealed class TwoHeads : Layer
    {
        public Sequential Body { get; } = [new Dense(3)];

        public List<Dense> Heads { get; } = [new(2), new(2)];

        protected override Tensor Forward(Tensor x, bool training)
        {
            Tensor h = Body.Call(x, training);
            return Heads[0].Call(h) + Heads[1].Call(h);
        }
    }
}
