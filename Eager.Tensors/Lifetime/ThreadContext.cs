namespace Eager;

/// <summary>What Eager knows of the thread at hand: who records, which scopes are open, how many wrappers were made.</summary>
/// <remarks>One object, so that an operation looks up thread-local state once.</remarks>
internal sealed class ThreadContext
{
    // Ids are handed to threads by the block: those of one recording are neighbours whatever other threads make meanwhile.
    private const long IdsAtOnce = 4096;

    private static long lastOfAll;

    [ThreadStatic] private static ThreadContext? current;

    private long lastId, lastOfBlock;

    /// <summary>Wrappers made and not yet disposed since the last look at the reclaimer.</summary>
    internal int Undisposed;

    /// <summary>The innermost observer that sees every operation; null outside tapes and traces.</summary>
    internal Observer? Observer;

    /// <summary>The wrappers made inside open scopes, outermost scope first.</summary>
    internal readonly List<Tensor> Scoped = [];

    /// <summary>The number of open scopes.</summary>
    internal int OpenScopes;

    /// <summary>How many of them are the user's; the others say that a method of the library is at work.</summary>
    internal int UserScopes;

    /// <summary>The number of open scopes of <see cref="Broadcasting.Strict"/>.</summary>
    internal int StrictScopes;

    /// <summary>The tensors that the thread made.</summary>
    internal readonly Ledger Ledger = Ledger.Rent();

    /// <summary>For the handles that a sweep finds dead.</summary>
    internal readonly List<nint> Dead = [];

    /// <summary>The device that creation functions use when none is given.</summary>
    internal Device DefaultDevice;

    /// <summary>A context dies with its thread.</summary>
    ~ThreadContext() => Ledger.Return(Ledger);

    internal static ThreadContext Current => current ??= new();

    /// <summary>What <see cref="NextId"/> will give next.</summary>
    internal long UpcomingId
    {
        get
        {
            if (lastId == lastOfBlock)
            {
                lastOfBlock = Interlocked.Add(ref lastOfAll, IdsAtOnce);
                lastId = lastOfBlock - IdsAtOnce;
            }
            return lastId + 1;
        }
    }

    /// <summary>A number that no other tensor of the process gets.</summary>
    internal long NextId() => lastId = UpcomingId;
}
