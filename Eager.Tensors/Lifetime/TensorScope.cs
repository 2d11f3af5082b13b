namespace Eager;

/// <summary>
/// Frees, when it is disposed, every tensor made on this thread since it was opened, but those handed to <see cref="Keep{T}"/>.
/// </summary>
/// <remarks>
/// Memory stays bounded without scopes too; a scope frees at once. Scopes nest and end in reverse order, on their own thread.
/// </remarks>
/// <example>
/// <code>
/// using var scope = new TensorScope();
/// Tensor y = scope.Keep((x * 2).Sum());   // x * 2 is freed at the end of the scope, y is not
/// </code>
/// </example>
public sealed class TensorScope : IDisposable
{
    private readonly ThreadContext context = ThreadContext.Current;
    private readonly int depth;
    private Temporaries made;
    private bool closed;

    /// <summary>Opens a scope on this thread.</summary>
    public TensorScope()
    {
        made = Temporaries.Begin();
        context.UserScopes++;
        depth = context.OpenScopes;
    }

    /// <summary>Takes a tensor out of the scope, into the one around it if there is one, and returns it.</summary>
    /// <exception cref="DisposedException">The scope has ended.</exception>
    public T Keep<T>(T tensor) where T : Tensor
    {
        RequireUsable();
        made.Keep(tensor);
        return tensor;
    }

    /// <summary>Frees what was made inside and not kept.</summary>
    /// <exception cref="InvalidArgumentException">It is ended on another thread than it was opened on, or before a scope inside it.</exception>
    public void Dispose()
    {
        if (closed) return;
        RequireUsable();
        closed = true;
        context.UserScopes--;
        made.Dispose();
    }

    private void RequireUsable()
    {
        if (closed) throw new DisposedException("This TensorScope has ended; keep tensors before its end.");
        if (ThreadContext.Current != context) throw new InvalidArgumentException("A TensorScope belongs to the thread that opened it; open one on each thread and keep no scope across an await.");
        if (context.OpenScopes != depth) throw new InvalidArgumentException("This TensorScope has another scope open inside it; end the inner one first.");
    }
}

/// <summary>The scope of the library's own temporaries: a mark on the thread's list of wrappers, without an allocation.</summary>
internal struct Temporaries : IDisposable
{
    private readonly ThreadContext context;
    private readonly int mark;

    private Temporaries(ThreadContext context)
    {
        this.context = context;
        mark = context.Scoped.Count;
        context.OpenScopes++;
    }

    internal static Temporaries Begin() => new(ThreadContext.Current);

    /// <summary>Takes a tensor out of this scope, into the one around it if there is one, and returns it.</summary>
    internal readonly T Keep<T>(T tensor) where T : Tensor
    {
        if (tensor.Holder is { } inner) Keep(inner);
        // A tensor that was made outside belongs to another scope, which must not be told to keep it.
        List<Tensor> made = context.Scoped;
        for (int i = made.Count - 1; i >= mark; i--)
        {
            if (!ReferenceEquals(made[i], tensor)) continue;
            tensor.KeptByScope = true;
            break;
        }
        return tensor;
    }

    /// <summary>Takes the tensor that was made last out of all open scopes: whoever holds it decides how long it lives.</summary>
    internal static void Release(Tensor last)
    {
        List<Tensor> made = ThreadContext.Current.Scoped;
        if (made.Count > 0 && ReferenceEquals(made[^1], last)) made.RemoveAt(made.Count - 1);
    }

    public readonly void Dispose()
    {
        List<Tensor> made = context.Scoped;
        context.OpenScopes--;
        int kept = mark;
        for (int i = mark; i < made.Count; i++)
        {
            Tensor tensor = made[i];
            if (!tensor.KeptByScope) tensor.Dispose();
            else if (context.OpenScopes > 0) made[kept++] = tensor;
            tensor.KeptByScope = false;
        }
        made.RemoveRange(kept, made.Count - kept);
    }
}
