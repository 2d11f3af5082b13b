namespace Eager;

/// <summary>Opens files, with the system's errors turned into the library's own.</summary>
internal static class FileErrors
{
    /// <summary>True for what the system throws when a path is absent, forbidden, no file, or on a failing disk.</summary>
    public static bool IsSystemError(Exception e) => e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException;

    /// <summary>Opens a file for reading from its start to its end.</summary>
    /// <exception cref="MissingFileException">The file is not there or cannot be read.</exception>
    public static FileStream OpenRead(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 64 * 1024, FileOptions.SequentialScan);
        }
        catch (Exception e) when (IsSystemError(e))
        {
            throw CannotRead(path, e);
        }
    }

    /// <summary>The error for a file that cannot be read.</summary>
    public static MissingFileException CannotRead(string path, Exception e) => e is FileNotFoundException or DirectoryNotFoundException
        ? new MissingFileException($"{path}: there is no such file.", e)
        : new MissingFileException($"{path}: cannot be read: {e.Message}", e);

    /// <summary>The error for a file that cannot be written.</summary>
    public static FileWriteException CannotWrite(string path, Exception e) =>
        new($"{path}: cannot be written: {e.Message} Check that the folder exists, that it may be written and that the disk is not full.", e);
}
