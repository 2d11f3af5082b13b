namespace Eager;

public partial class Tensor
{
    /// <summary>max(x, 0); the gradient at 0 is 0.</summary>
    public Tensor Relu() => ActivationOps.Relu.Apply([this], default);

    /// <summary>min(max(x, 0), 6).</summary>
    public Tensor Relu6() => Clip(0, 6);

    /// <summary>log(1 + eˣ), without overflow.</summary>
    public Tensor Softplus() => ActivationOps.Softplus.Apply([this], default);

    /// <summary>x/(1 + |x|).</summary>
    public Tensor Softsign()
    {
        Errors.RequireFloatingPoint(this, nameof(Softsign));
        using var scope = Temporaries.Begin();
        return scope.Keep(this / (Abs() + 1));
    }

    /// <summary>log σ(x) = −log(1 + e⁻ˣ), without overflow.</summary>
    public Tensor LogSigmoid() => ActivationOps.LogSigmoid.Apply([this], default);

    /// <summary>min(max(x/5 + 1/2, 0), 1): straight lines near the sigmoid, as in Keras 2.</summary>
    public Tensor HardSigmoid()
    {
        Errors.RequireFloatingPoint(this, nameof(HardSigmoid));
        using var scope = Temporaries.Begin();
        return scope.Keep((this * 0.2 + 0.5).Clip(0, 1));
    }

    /// <summary>min(max(x, −1), 1).</summary>
    public Tensor HardTanh()
    {
        Errors.RequireFloatingPoint(this, nameof(HardTanh));
        return Clip(-1, 1);
    }

    /// <summary>x·min(max(x + 3, 0), 6)/6 (Howard et al. 2019).</summary>
    public Tensor HardSwish()
    {
        Errors.RequireFloatingPoint(this, nameof(HardSwish));
        using var scope = Temporaries.Begin();
        return scope.Keep(this * (this + 3).Clip(0, 6) / 6);
    }

    /// <summary>x·σ(x), also called swish.</summary>
    public Tensor Silu() => ActivationOps.Silu.Apply([this], default);

    /// <summary>x·tanh(log(1 + eˣ)) (Misra 2019).</summary>
    public Tensor Mish() => ActivationOps.Mish.Apply([this], default);

    /// <summary>x where it is positive, else a small multiple of it.</summary>
    public Tensor LeakyRelu(double slope = 0.01)
    {
        using var scope = Temporaries.Begin();
        return scope.Keep((this > 0).Where(this, this * slope));
    }

    /// <summary>x where it is positive, else its product with a slope that broadcasts and may be learned (He et al. 2015).</summary>
    /// <param name="slope">The slope, of this tensor's dtype.</param>
    public Tensor PRelu(Tensor slope)
    {
        Errors.RequireFloatingPoint(this, nameof(PRelu));
        using var scope = Temporaries.Begin();
        return scope.Keep((this > 0).Where(this, this * slope));
    }

    /// <summary>x where it is positive, else α(eˣ − 1); the gradient at 0 is α.</summary>
    public Tensor Elu(double alpha = 1) => ActivationOps.Elu.Apply([this], new(alpha, 1, 1));

    /// <summary>x where it is positive, else α(e^(x/α) − 1), whose slope is 1 at 0 (Barron 2017).</summary>
    /// <exception cref="InvalidArgumentException">α is 0.</exception>
    public Tensor Celu(double alpha = 1) =>
        alpha == 0 ? throw new InvalidArgumentException("Celu: alpha is 0; x is divided by it.") : ActivationOps.Elu.Apply([this], new(alpha, 1, 1 / alpha));

    /// <summary>λx where it is positive, else λα(eˣ − 1): keeps mean 0 and variance 1 (Klambauer et al. 2017).</summary>
    public Tensor Selu() => ActivationOps.Elu.Apply([this], new(ActivationOps.SeluAlpha, ActivationOps.SeluScale, 1));

    /// <summary>x·Φ(x) with the normal distribution's Φ (Hendrycks &amp; Gimpel 2016).</summary>
    public Tensor Gelu() => ActivationOps.Gelu.Apply([this], default);

    /// <summary>a·σ(b), a and b the first and the second half of an axis (Dauphin et al. 2017).</summary>
    /// <exception cref="ShapeMismatchException">The axis has no halves.</exception>
    public Tensor Glu(int axis = -1)
    {
        int at = ConcreteShape.NormalizeAxis(axis, nameof(Glu));
        if (ConcreteShape[at].Value % 2 != 0) throw new ShapeMismatchException($"Glu: axis {axis} of shape {ConcreteShape} has no halves; its size must be even.");
        using var scope = Temporaries.Begin();
        Tensor[] halves = Split(2, at);
        return scope.Keep(halves[0] * halves[1].Sigmoid());
    }

    /// <summary>0 where |x| ≤ λ, else x moved towards 0 by λ.</summary>
    /// <exception cref="InvalidArgumentException">λ is negative.</exception>
    public Tensor SoftShrink(double threshold = 0.5) => ActivationOps.SoftShrink.Apply([this], ActivationOps.RequireThreshold(threshold, nameof(SoftShrink)));

    /// <summary>0 where |x| ≤ λ, else x.</summary>
    /// <exception cref="InvalidArgumentException">λ is negative.</exception>
    public Tensor HardShrink(double threshold = 0.5) => ActivationOps.HardShrink.Apply([this], ActivationOps.RequireThreshold(threshold, nameof(HardShrink)));

    /// <summary>eˣ/Σeˣ over an axis, without overflow.</summary>
    public Tensor Softmax(int axis = -1) => ActivationOps.Softmax.Apply([this], axis);

    /// <summary>log(eˣ/Σeˣ) over an axis, without overflow.</summary>
    public Tensor LogSoftmax(int axis = -1) => ActivationOps.LogSoftmax.Apply([this], axis);
}
