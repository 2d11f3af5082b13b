namespace Eager;

/// <summary>The base of every error that Eager raises itself; its message names what failed, on what, and the cure.</summary>
public class EagerException : Exception
{
    /// <summary>Makes an error with a message.</summary>
    public EagerException(string message) : base(message) { }

    /// <summary>Makes an error with a message and the error that caused it.</summary>
    public EagerException(string message, Exception? inner) : base(message, inner) { }
}

/// <summary>Two tensors of different dtype met in one operation, or an operation does not take a dtype.</summary>
public sealed class DTypeMismatchException(string message) : EagerException(message);

/// <summary>Shapes do not fit each other or the operation.</summary>
public sealed class ShapeMismatchException(string message) : EagerException(message);

/// <summary>An argument other than a tensor's dtype or shape is out of its range.</summary>
public sealed class InvalidArgumentException(string message) : EagerException(message);

/// <summary>A tensor, tape or scope was used after it was disposed or spent.</summary>
public sealed class DisposedException(string message) : EagerException(message);

/// <summary>A device is absent, or tensors of different devices met in one operation.</summary>
public sealed class DeviceException(string message) : EagerException(message);

/// <summary>A device has no memory left for a result, also after a collection; the message has a table of what is held.</summary>
/// <param name="message">What there was no room for.</param>
/// <param name="device">The device.</param>
public sealed class DeviceMemoryException(string message, Device device) : EagerException(message)
{
    /// <summary>The device whose memory is full.</summary>
    public Device Device { get; } = device;
}

/// <summary>A gradient was asked for that does not exist or cannot be computed.</summary>
public sealed class GradientException(string message) : EagerException(message);

/// <summary>A shared variable was made twice, or looked for where it is not.</summary>
public sealed class VariableReuseException(string message) : EagerException(message);

/// <summary>A session was asked for what depends on a variable that it has given no value yet.</summary>
public sealed class UninitializedVariableException(string message) : EagerException(message);

/// <summary>Something was done that a traced function cannot record, such as reading a value.</summary>
public sealed class TracingException(string message) : EagerException(message);

/// <summary>A file is damaged, truncated or of another kind; the message gives its path and the offset.</summary>
public sealed class CorruptFileException(string message, Exception? inner = null) : EagerException(message, inner);

/// <summary>A file or folder that was asked for is not there or cannot be read.</summary>
public sealed class MissingFileException(string message, Exception? inner = null) : EagerException(message, inner);

/// <summary>A file could not be written; the message gives its path, the system's reason and the cure.</summary>
public sealed class FileWriteException(string message, Exception? inner = null) : EagerException(message, inner);

/// <summary>LibTorch could not be loaded, or refused an operation for a reason that Eager does not know better.</summary>
public sealed class LibTorchException(string message, Exception? inner = null) : EagerException(message, inner);
