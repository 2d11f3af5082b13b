using Eager.Train.Summaries.Protos;

namespace Eager.Train;

public sealed partial class Summary
{
    // The WAV format keeps the number of channels in 16 bits and bytes per second in 32.
    private const int MostChannels = 64;
    private const int HighestSampleRate = 1_000_000;

    /// <summary>The first sound clips of a batch.</summary>
    /// <param name="tag">The name of the clips.</param>
    /// <param name="clips"><c>[batch, time]</c>, or <c>[batch, time, channels]</c>, of a floating-point dtype, from −1 to 1; what lies beyond is cut.</param>
    /// <param name="sampleRate">Samples per second.</param>
    /// <param name="maxShown">The most clips to take from the batch's beginning.</param>
    /// <exception cref="ShapeMismatchException">The tensor is not of that shape, or there are no channels or more than 64.</exception>
    /// <exception cref="DTypeMismatchException">The tensor is not floating-point.</exception>
    /// <exception cref="InvalidArgumentException">A sample is NaN or infinite, <paramref name="sampleRate"/> or <paramref name="maxShown"/> is out of range, or <paramref name="tag"/> is empty.</exception>
    public static Summary Audio(string tag, Tensor clips, int sampleRate, int maxShown = DefaultMaxShown)
    {
        if (maxShown <= 0) throw new InvalidArgumentException($"Audio: '{tag}' is to show {maxShown} clips; it takes at least 1.");
        if (sampleRate is <= 0 or > HighestSampleRate) throw new InvalidArgumentException($"Audio: '{tag}' has a sample rate of {sampleRate}; it takes 1 to {HighestSampleRate} samples per second.");
        Shape shape = clips.ConcreteShape;
        if (shape.Rank is not (2 or 3) || (shape.Rank == 3 && shape[2].Value is < 1 or > MostChannels))
            throw new ShapeMismatchException($"Audio: '{tag}' is {shape}; it takes [batch, time] or [batch, time, channels] with 1 to {MostChannels} channels.");
        if (!clips.DType.IsFloatingPoint()) throw new DTypeMismatchException($"Audio: '{tag}' is {clips.DType.Name()}; convert it with Cast to a floating-point dtype and divide it into −1 … 1.");
        int channels = shape.Rank == 3 ? (int)shape[2].Value : 1;
        int shown = (int)Math.Min(maxShown, shape[0].Value);
        int clipSize = checked((int)shape[1].Value * channels);

        clips.ReadingValue(nameof(Audio));
        using var scope = Temporaries.Begin();
        double[] samples = Doubles(nameof(Audio), tag, Tensor.Outside(x => x[..shown], clips));
        RequireFinite(nameof(Audio), tag, samples);
        var parts = new List<byte[]>();
        for (int i = 0; i < shown; i++)
        {
            parts.Add(Wav.Encode(samples.AsSpan(i * clipSize, clipSize), sampleRate, channels));
            parts.Add([]);  // no label
        }
        return new(Value(nameof(Audio), tag, "audio", DataClass.BlobSequence, Strings([shown, 2], parts), new AudioPluginData { Encoding = AudioPluginData.Types.Encoding.Wav }));
    }
}
