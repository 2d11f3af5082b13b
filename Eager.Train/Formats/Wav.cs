using System.Buffers.Binary;

namespace Eager.Train;

/// <summary>Writes sound in the WAV format, PCM of 16 bits.</summary>
internal static class Wav
{
    private const int HeaderBytes = 44;
    private const int FormatChunkBytes = 16;
    private const short Pcm = 1;

    /// <summary>Encodes samples that lie frame by frame, the channels of each side by side.</summary>
    /// <param name="samples">The samples; what lies beyond ±1 is cut.</param>
    /// <param name="sampleRate">Frames per second.</param>
    /// <param name="channels">The number of channels.</param>
    public static byte[] Encode(ReadOnlySpan<double> samples, int sampleRate, int channels)
    {
        int dataBytes = checked(samples.Length * sizeof(short));
        byte[] wav = new byte[checked(HeaderBytes + dataBytes)];
        Span<byte> header = wav;
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], wav.Length - 8);
        "WAVEfmt "u8.CopyTo(header[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], FormatChunkBytes);
        BinaryPrimitives.WriteInt16LittleEndian(header[20..], Pcm);
        BinaryPrimitives.WriteInt16LittleEndian(header[22..], (short)channels);
        BinaryPrimitives.WriteInt32LittleEndian(header[24..], sampleRate);
        BinaryPrimitives.WriteInt32LittleEndian(header[28..], sampleRate * channels * sizeof(short));
        BinaryPrimitives.WriteInt16LittleEndian(header[32..], (short)(channels * sizeof(short)));
        BinaryPrimitives.WriteInt16LittleEndian(header[34..], 8 * sizeof(short));
        "data"u8.CopyTo(header[36..]);
        BinaryPrimitives.WriteInt32LittleEndian(header[40..], dataBytes);
        for (int i = 0; i < samples.Length; i++)
        {
            double sample = Math.Round(samples[i] * -short.MinValue, MidpointRounding.AwayFromZero);
            BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(HeaderBytes + i * sizeof(short)), (short)Math.Clamp(sample, short.MinValue, short.MaxValue));
        }
        return wav;
    }
}
