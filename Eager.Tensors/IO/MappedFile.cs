using System.IO.MemoryMappedFiles;

namespace Eager;

/// <summary>
/// A file whose pages appear in memory as they are read. What is written there stays with this process:
/// the file is never changed.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;

    /// <summary>Maps a whole file, which may be closed then.</summary>
    public MappedFile(FileStream stream)
    {
        file = MemoryMappedFile.CreateFromFile(stream, mapName: null, capacity: 0, MemoryMappedFileAccess.CopyOnWrite, HandleInheritability.None, leaveOpen: true);
        try
        {
            view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.CopyOnWrite);
        }
        catch
        {
            file.Dispose();
            throw;
        }
        byte* first = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref first);
        Start = first;
    }

    /// <summary>The file's first byte.</summary>
    public byte* Start { get; }

    public void Dispose()
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
    }
}
