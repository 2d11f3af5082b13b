using Eager.Autograd;
using Eager.Layers;
using NUnit.Framework;

namespace Eager.Tests.Layers;

/// <summary>Initializers, regularizers and constraints by the names of Keras.</summary>
public class NamedSettingsTests
{
    private static readonly (string Name, Initializer Same)[] Initializers =
    [
        ("zeros", Initializer.Zeros()), ("ones", Initializer.Ones()), ("random_normal", Initializer.RandomNormal()), ("random_uniform", Initializer.RandomUniform()), ("truncated_normal", Initializer.TruncatedNormal()),
        ("glorot_uniform", Initializer.GlorotUniform()), ("glorot_normal", Initializer.GlorotNormal()), ("he_uniform", Initializer.HeUniform()), ("he_normal", Initializer.HeNormal()),
        ("lecun_uniform", Initializer.LeCunUniform()), ("LeCun_normal", Initializer.LeCunNormal()), ("variance_scaling", Initializer.VarianceScaling()), ("orthogonal", Initializer.Orthogonal()), ("identity", Initializer.Identity()),
    ];

    [Test]
    public void A_name_stands_for_its_settings()
    {
        using var scope = new TensorScope();
        foreach ((string name, Initializer same) in Initializers)
        {
            Generator.SetGlobalSeed(3);
            Dense layer = new(4, kernelInitializer: name, inputShape: [4]);
            Generator.SetGlobalSeed(3);
            Assert.That(layer.Kernel!.ToArray<float>(), Is.EqualTo(same.Create([4, 4]).ToArray<float>()), name);
        }
        Tensor w = Tensor.From([[3f, -4], [0, 1]]);
        foreach ((Regularizer named, Regularizer same) in new (Regularizer, Regularizer)[] { ("l1", Regularizer.L1()), ("l2", Regularizer.L2()), ("l1_l2", Regularizer.L1L2()) })
            Assert.That(named.Apply(w).Item(), Is.EqualTo(same.Apply(w).Item()), same.Name);
        foreach ((Constraint named, Constraint same) in new (Constraint, Constraint)[] { ("max_norm", Constraint.MaxNorm()), ("min_max_norm", Constraint.MinMaxNorm()), ("non_negative", Constraint.NonNegative()), ("non_neg", Constraint.NonNegative()), ("unit_norm", Constraint.UnitNorm()) })
            Assert.That(named.Apply(w).ToArray<float>(), Is.EqualTo(same.Apply(w).ToArray<float>()), same.Name);
    }

    [Test]
    public void A_name_that_nothing_has_is_refused_with_those_that_there_are()
    {
        Assert.That(() => new Dense(2, kernelInitializer: "glorot"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'glorot'").And.Message.Contains("glorot_uniform"));
        Assert.That(() => new Dense(2, kernelRegularizer: "l3"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'l3'").And.Message.Contains("l1_l2"));
        Assert.That(() => new Dense(2, kernelConstraint: "norm"), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains("'norm'").And.Message.Contains("unit_norm"));
    }
}
