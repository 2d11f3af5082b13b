namespace Eager.Tests.Repository;

/// <summary>One member of each kind, for the test that reads them back.</summary>
public class Sample(int level = 1) : IDisposable
{
    public const int Limit = 3;

    public event EventHandler? Changed;

    public int Level { get; init; } = level;

    public IReadOnlyList<string?> Names { get; } = [];

    public string this[int index] => Names[index] ?? "";

    public static Sample operator +(Sample a, Sample b) => a.Level > b.Level ? a : b;

    public static T? Pick<T>(in T a, ReadOnlySpan<T> others, params long[] axes)
        where T : class => others.IsEmpty || axes.Length == 0 ? a : null;

    public void Dispose()
    {
        OnChange();
        GC.SuppressFinalize(this);
    }

    public override string ToString() => Hidden();

    protected virtual void OnChange() => Changed?.Invoke(this, EventArgs.Empty);

    internal static string Hidden() => "";
}

public enum SampleKind : byte
{
    None,
}

public delegate bool SampleRule(double? x);

/// <summary>A record's compiler-made members are no lines of their own.</summary>
public readonly record struct SamplePair(int Left, int Right);
