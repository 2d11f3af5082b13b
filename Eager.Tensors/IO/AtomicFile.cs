using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Eager;

/// <summary>Replaces a file so that a crash of the process or the machine at any instant leaves either the old or the new content, whole.</summary>
internal static partial class AtomicFile
{
    private const string PartialSuffix = ".partial";

    /// <summary>The name under which the new content of <paramref name="path"/> is written until it is complete.</summary>
    public static string PartialPath(string path) => path + PartialSuffix;

    /// <summary>Writes the new content to a file beside <paramref name="path"/>, brings it to the disk, and renames it into place.</summary>
    /// <exception cref="FileWriteException">The file cannot be written; the old one stands.</exception>
    public static void Write(string path, Action<FileStream> write)
    {
        string partial = PartialPath(path);
        try
        {
            try
            {
                using (var file = new FileStream(partial, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, bufferSize: 64 * 1024))
                {
                    write(file);
                    file.Flush(flushToDisk: true);
                }
                File.Move(partial, path, overwrite: true);
            }
            catch
            {
                File.Delete(partial);
                throw;
            }
            // The rename itself is only durable once the folder is on the disk.
            SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception e) when (e is not EagerException && FileErrors.IsSystemError(e))
        {
            throw FileErrors.CannotWrite(path, e);
        }
    }

    /// <summary>Lets the system begin to bring to the disk what was written so far, so that there is less to wait for at the end.</summary>
    public static void BeginFlush(FileStream file)
    {
        const uint write = 2; // SYNC_FILE_RANGE_WRITE: begins and does not wait
        // Where it fails, nothing is lost: the flush at the end reports it.
        _ = SyncFileRange(file.SafeFileHandle, offset: 0, count: 0, write);
    }

    private static void SyncDirectory(string directory)
    {
        const int readOnlyDirectory = 0x10000; // O_RDONLY | O_DIRECTORY on Linux x64
        int descriptor = Open(directory, readOnlyDirectory);
        if (descriptor < 0) throw Failure(directory);
        try
        {
            const int notSupported = 22; // EINVAL: this file system has nothing to bring to the disk for a folder
            if (FSync(descriptor) != 0 && Marshal.GetLastPInvokeError() != notSupported) throw Failure(directory);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string directory) => new($"{directory}: {Marshal.GetLastPInvokeErrorMessage()}.");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long count, uint flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
