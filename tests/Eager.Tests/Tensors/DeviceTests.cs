using NUnit.Framework;

namespace Eager.Tests.Tensors;

/// <summary>Devices by name and in scopes. What is said of a missing GPU is checked where there is none.</summary>
public sealed class DeviceTests
{
    [TestCase("cpu")]
    [TestCase("cpu:0")]
    public void The_processor_is_always_there(string text)
    {
        Assert.That(Device.Parse(text), Is.EqualTo(Device.Cpu));
        Assert.That(Device.Available[0], Is.EqualTo(Device.Cpu));
        using (Device.Use(text)) Assert.That(Tensor.Zeros([2]).Device, Is.EqualTo(Device.Cpu));
    }

    [TestCase("")]
    [TestCase("tpu")]
    [TestCase("cuda:")]
    [TestCase("cuda:-1")]
    [TestCase("cuda:0:1")]
    [TestCase("cuda: 0")]
    public void What_names_no_device_is_refused_with_the_names_that_do(string text)
    {
        Assert.That(() => Device.Parse(text), Throws.TypeOf<InvalidArgumentException>().With.Message.Contains($"'{text}'").And.Message.Contains("cuda:1"));
        Assert.That(() => Device.Use(text), Throws.TypeOf<InvalidArgumentException>());
    }

    [Test]
    public void A_device_that_is_not_there_is_named_with_those_that_are()
    {
        // No machine has so many.
        var absent = new Device(DeviceType.Cuda, 99);
        Func<object>[] uses =
        [
            () => Device.Parse("cuda:99"), () => Device.Use(absent), () => Device.Use("cuda:99"), () => Tensor.Zeros([2], device: absent),
            () => Tensor.Range(0, 3, device: absent), () => Tensor.RandomNormal([2], device: absent), () => Tensor.Ones([2]).To(absent),
            () => Tensor.OneHot(Tensor.From(1), 3).To(absent), () => new Generator(1, absent),
        ];
        foreach (Func<object> use in uses)
            Assert.That(() => use(), Throws.TypeOf<DeviceException>().With.Message.Contains("cuda:99").And.Message.Contains("cpu"));
    }

    [Test]
    public void Scopes_nest_and_end()
    {
        using (Device.Use(Device.Cpu))
        {
            using (Device.Use("cpu")) Assert.That(Tensor.Ones([1]).Device, Is.EqualTo(Device.Cpu));
            Assert.That(Tensor.Ones([1]).Device, Is.EqualTo(Device.Cpu));
        }
    }
}
