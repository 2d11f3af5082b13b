using Eager.Train;
using NUnit.Framework;

namespace Eager.Tests.Training.Estimators;

public sealed class HyperParametersTests
{
    [Test]
    public void Values_of_every_type_are_read_from_a_command_line_and_come_back_from_their_text()
    {
        HyperParameters parameters = Some().Parse("rate=1e-3, units=[20, 10] ,depth=-4,flag=true,name=two words,scales=[0.5,2],tags=[x],empty=[]");
        Assert.Multiple(() =>
        {
            Assert.That(parameters.Get<double>("rate"), Is.EqualTo(1e-3));
            Assert.That(parameters.Get<IReadOnlyList<long>>("units"), Is.EqualTo(new long[] { 20, 10 }));
            Assert.That(parameters.Get<int>("depth"), Is.EqualTo(-4));
            Assert.That(parameters.Get<long>("depth"), Is.EqualTo(-4));
            Assert.That(parameters.Get<double>("depth"), Is.EqualTo(-4.0));
            Assert.That(parameters.Get<bool>("flag"), Is.True);
            Assert.That(parameters.Get<string>("name"), Is.EqualTo("two words"));
            Assert.That(parameters.Get<double[]>("scales"), Is.EqualTo(new[] { 0.5, 2 }));
            Assert.That(parameters.Get<IReadOnlyList<string>>("tags"), Is.EqualTo(new[] { "x" }));
            Assert.That(parameters.Get<IReadOnlyList<long>>("empty"), Is.Empty);
            Assert.That(parameters.Names.First(), Is.EqualTo("rate"));
        });
        Assert.That(Some().Parse(parameters.ToString()), Is.EqualTo(parameters));
        Assert.That(Some().Parse(" "), Is.EqualTo(Some()));
    }

    [TestCase("speed=1", "no 'speed'", TestName = "an unknown name")]
    [TestCase("depth=1.5", "'1.5'", TestName = "a fraction for an integer")]
    [TestCase("depth=99999999999999999999", "'99999999999999999999'", TestName = "an integer beyond 64 bits")]
    [TestCase("rate=fast", "'fast'", TestName = "a word for a number")]
    [TestCase("flag=yes", "'yes'", TestName = "a word for a flag")]
    [TestCase("units=3", "'3'", TestName = "a number for a list")]
    [TestCase("units=[3,x]", "'[3,x]'", TestName = "a word in a list of integers")]
    [TestCase("rate", "'rate'", TestName = "nothing assigned")]
    [TestCase("rate=1,rate=2", "twice", TestName = "a name twice")]
    [TestCase("rate=1,,depth=2", "''", TestName = "an empty assignment")]
    public void What_does_not_fit_is_refused_and_nothing_is_changed(string assignments, string named)
    {
        HyperParameters parameters = Some();
        Assert.That(() => parameters.Parse($"name=new,{assignments}"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains(named));
        Assert.That(parameters, Is.EqualTo(Some()));
    }

    [Test]
    public void An_error_lists_what_there_is()
    {
        Assert.That(() => Some().Parse("speed=1"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("rate (a number), units (a list of integers), depth (an integer), flag (true or false), name (a text)"));
        Assert.That(() => Some().Get<long>("rate"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'rate' is a number, not Int64"));
        Assert.That(() => Some().Get<double>("speed"), Throws.TypeOf<InvalidArgumentException>());
        Assert.That(() => new HyperParameters { { "big", 1L << 40 } }.Get<int>("big"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("no int"));
        Assert.That(() => new HyperParameters { { "a", 1 }, { "a", 2 } }, Throws.TypeOf<InvalidArgumentException>());
        Assert.That(() => new HyperParameters { { "a=b", 1 } }, Throws.TypeOf<InvalidArgumentException>());
    }

    [Test]
    public void A_list_that_was_handed_out_is_a_copy()
    {
        HyperParameters parameters = Some();
        parameters.Get<long[]>("units")[0] = -1;
        Assert.That(parameters.Get<long[]>("units"), Is.EqualTo(new long[] { 50, 30 }));
    }

    private static HyperParameters Some() => new()
    {
        { "rate", 0.01 }, { "units", [50, 30] }, { "depth", 3 }, { "flag", false }, { "name", "none" }, { "scales", new[] { 1.0 } }, { "tags", new[] { "a", "b" } }, { "empty", new long[] { 1 } },
    };
}
