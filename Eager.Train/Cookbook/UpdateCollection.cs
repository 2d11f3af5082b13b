using Eager.Autograd;

namespace Eager.Train;

/// <summary>Updates of variables that a computation asks for, to be run with the training step (TensorFlow's <c>GraphKeys.UPDATE_OPS</c>).</summary>
/// <remarks>While one is open on a thread, updates wait in it for <see cref="Run"/>; while none is, they are made at once.</remarks>
/// <example><code>
/// using var updates = UpdateCollection.Open();
/// Tensor y = Cookbook.BatchNormalization(x, training: true);
/// updates.Run();   // the running moments follow
/// </code></example>
public sealed class UpdateCollection : IDisposable
{
    [ThreadStatic] private static UpdateCollection? current;

    private readonly List<(Variable Variable, Tensor Next)> updates = [];
    private readonly UpdateCollection? outer;
    private bool closed;

    private UpdateCollection(UpdateCollection? outer) => this.outer = outer;

    /// <summary>The collection in which updates of this thread wait; null when none is open.</summary>
    public static UpdateCollection? Current => current;

    /// <summary>How many updates wait.</summary>
    public int Count => updates.Count;

    /// <summary>Makes a collection in which the updates of this thread wait until it is disposed; an inner one takes the place of an outer one.</summary>
    public static UpdateCollection Open() => current = new(current);

    /// <summary>Asks for an update: it waits in the open collection, or is made at once where none is open.</summary>
    /// <param name="variable">What is to change.</param>
    /// <param name="next">Its next value; a collection frees it once it is taken.</param>
    /// <exception cref="ShapeMismatchException">The value's shape is not the variable's.</exception>
    /// <exception cref="DTypeMismatchException">The value's dtype is not the variable's.</exception>
    public static void Add(Variable variable, Tensor next)
    {
        ArgumentNullException.ThrowIfNull(variable);
        if (current is null)
        {
            variable.Assign(next);
            return;
        }
        Temporaries.Release(next);  // it must outlive the scopes of what is computed
        current.updates.Add((variable, next));
    }

    /// <summary>Makes all updates that wait, in the order in which they were asked for.</summary>
    public void Run()
    {
        foreach ((Variable variable, Tensor next) in updates) variable.Assign(next);
        Clear();
    }

    /// <summary>Gives up what still waits, and ends the collecting.</summary>
    /// <exception cref="InvalidArgumentException">A collection opened later is still open, or this one was opened on another thread.</exception>
    public void Dispose()
    {
        if (closed) return;
        if (current != this) throw new InvalidArgumentException("UpdateCollection: collections end in reverse order, on the thread that opened them; end the inner one first.");
        closed = true;
        current = outer;
        Clear();
    }

    private void Clear()
    {
        foreach ((_, Tensor next) in updates) next.Dispose();
        updates.Clear();
    }
}
