namespace Eager;

public partial class Tensor
{
    /// <summary>Gives each channel mean 0 and variance 1 over the batch at hand, then scales and shifts it: y = scale·(x − μ)/√(σ² + ε) + offset (Ioffe &amp; Szegedy 2015).</summary>
    /// <param name="scale">[channels], of this tensor's dtype; 1 when null.</param>
    /// <param name="offset">[channels], of this tensor's dtype; 0 when null.</param>
    /// <param name="axis">The axis of the channels.</param>
    /// <param name="epsilon">ε.</param>
    /// <returns>y of this tensor's shape, and the batch's mean μ and variance σ² = Σ(x − μ)²/n, each [channels].</returns>
    /// <exception cref="ShapeMismatchException">There is no other axis, no element to take the mean of, or scale or offset have another shape.</exception>
    public (Tensor Output, Tensor Mean, Tensor Variance) BatchNorm(Tensor? scale = null, Tensor? offset = null, int axis = -1, double epsilon = 1e-3)
    {
        int at = NormalizationOps.RequireChannels(this, axis, nameof(BatchNorm));
        NormalizationOps.RequireEpsilon(epsilon, nameof(BatchNorm));
        if (IsEmpty) throw new ShapeMismatchException($"BatchNorm: the input {ConcreteShape} has no elements to take mean and variance of.");
        using var scope = Temporaries.Begin();
        (Tensor factor, Tensor shift) = NormalizationOps.Affine(this, [Shape[at]], scale, offset, nameof(BatchNorm));
        Tensor[] y = NormalizationOps.BatchNorm.ApplyMany([this, factor, shift], new(at, 1, epsilon));
        Tensor variance = (y[2].Square().Reciprocal() - epsilon).Maximum(0);  // the kernel gives 1/√(σ² + ε)
        return (scope.Keep(y[0]), scope.Keep(y[1]), scope.Keep(variance));
    }

    /// <summary>Scales and shifts each channel by a mean and a variance that are known: y = scale·(x − mean)/√(variance + ε) + offset.</summary>
    /// <param name="mean">[channels].</param>
    /// <param name="variance">[channels].</param>
    /// <param name="scale">[channels]; 1 when null.</param>
    /// <param name="offset">[channels]; 0 when null.</param>
    /// <param name="axis">The axis of the channels.</param>
    /// <param name="epsilon">ε.</param>
    /// <exception cref="ShapeMismatchException">One of them has another shape than [channels].</exception>
    public Tensor BatchNormInference(Tensor mean, Tensor variance, Tensor? scale = null, Tensor? offset = null, int axis = -1, double epsilon = 1e-3)
    {
        int at = NormalizationOps.RequireChannels(this, axis, nameof(BatchNormInference));
        NormalizationOps.RequireEpsilon(epsilon, nameof(BatchNormInference));
        foreach ((Tensor? given, string name) in ((Tensor?, string)[])[(mean, "mean"), (variance, "variance"), (scale, "scale"), (offset, "offset")])
            NormalizationOps.RequireShape(given, Shape.FromSizes(ConcreteShape[at]), name, nameof(BatchNormInference));
        using var scope = Temporaries.Begin();
        Tensor factor = (variance + epsilon).Rsqrt();
        if (scale is not null) factor *= scale;
        Tensor shift = -mean * factor;
        if (offset is not null) shift += offset;
        Shape spread = [Shape[at], .. Enumerable.Repeat((Dim)1L, Rank - 1 - at)];
        return scope.Keep(this * factor.Reshape(spread) + shift.Reshape(spread));
    }

    /// <summary>Gives each example mean 0 and variance 1 over its last axes, then scales and shifts: y = scale·(x − μ)/√(σ² + ε) + offset (Ba et al. 2016).</summary>
    /// <param name="scale">Of the normalized axes' shape and this tensor's dtype; 1 when null.</param>
    /// <param name="offset">Of the normalized axes' shape and this tensor's dtype; 0 when null.</param>
    /// <param name="axis">The first of the axes that are normalized; it and all after it are.</param>
    /// <param name="epsilon">ε.</param>
    /// <exception cref="ShapeMismatchException">Scale or offset have another shape.</exception>
    public Tensor LayerNorm(Tensor? scale = null, Tensor? offset = null, int axis = -1, double epsilon = 1e-3)
    {
        int at = ConcreteShape.NormalizeAxis(axis, nameof(LayerNorm));
        NormalizationOps.RequireEpsilon(epsilon, nameof(LayerNorm));
        using var scope = Temporaries.Begin();
        (Tensor factor, Tensor shift) = NormalizationOps.Affine(this, Shape[at..], scale, offset, nameof(LayerNorm));
        return scope.Keep(NormalizationOps.LayerNorm.ApplyMany([this, factor, shift], new(at, 1, epsilon))[0]);
    }

    /// <summary>Gives each group of channels of each example mean 0 and variance 1, then scales and shifts each channel (Wu &amp; He 2018).</summary>
    /// <param name="groups">Into how many groups of neighbours the channels fall.</param>
    /// <param name="scale">[channels], of this tensor's dtype; 1 when null.</param>
    /// <param name="offset">[channels], of this tensor's dtype; 0 when null.</param>
    /// <param name="epsilon">ε of y = scale·(x − μ)/√(σ² + ε) + offset.</param>
    /// <param name="dataFormat">Where the channels are.</param>
    /// <exception cref="ShapeMismatchException">The channels do not fall into the groups, or scale or offset have another shape.</exception>
    public Tensor GroupNorm(int groups, Tensor? scale = null, Tensor? offset = null, double epsilon = 1e-3, DataFormat dataFormat = DataFormat.ChannelsLast) =>
        NormalizationOps.ByGroups(this, groups, scale, offset, epsilon, dataFormat, nameof(GroupNorm));

    /// <summary>Gives each channel of each example mean 0 and variance 1, then scales and shifts it (Ulyanov et al. 2016).</summary>
    /// <param name="scale">[channels], of this tensor's dtype; 1 when null.</param>
    /// <param name="offset">[channels], of this tensor's dtype; 0 when null.</param>
    /// <param name="epsilon">ε of y = scale·(x − μ)/√(σ² + ε) + offset.</param>
    /// <param name="dataFormat">Where the channels are.</param>
    /// <exception cref="ShapeMismatchException">Scale or offset have another shape.</exception>
    public Tensor InstanceNorm(Tensor? scale = null, Tensor? offset = null, double epsilon = 1e-3, DataFormat dataFormat = DataFormat.ChannelsLast) =>
        NormalizationOps.ByGroups(this, groups: null, scale, offset, epsilon, dataFormat, nameof(InstanceNorm));

    /// <summary>Divides by the root of the mean square over the last axes: y = scale·x/√(Σx²/n + ε) (Zhang &amp; Sennrich 2019).</summary>
    /// <param name="scale">Of the normalized axes' shape and this tensor's dtype; 1 when null.</param>
    /// <param name="axis">The first of the axes that are normalized; it and all after it are.</param>
    /// <param name="epsilon">ε.</param>
    /// <exception cref="ShapeMismatchException">The scale has another shape.</exception>
    public Tensor RmsNorm(Tensor? scale = null, int axis = -1, double epsilon = 1e-6)
    {
        int at = ConcreteShape.NormalizeAxis(axis, nameof(RmsNorm));
        NormalizationOps.RequireEpsilon(epsilon, nameof(RmsNorm));
        NormalizationOps.RequireShape(scale, ConcreteShape[at..], "scale", nameof(RmsNorm));
        using var scope = Temporaries.Begin();
        Tensor y = this * (Square().Mean([.. Enumerable.Range(at, Rank - at)], keepDims: true) + epsilon).Rsqrt();
        return scope.Keep(scale is null ? y : y * scale);
    }
}
