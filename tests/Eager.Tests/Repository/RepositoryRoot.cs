namespace Eager.Tests.Repository;

/// <summary>The checkout that the running tests were built from.</summary>
internal static class RepositoryRoot
{
    private static readonly string[] BuildFolders = ["bin", "obj", "artifacts", "TestResults", ".git", ".vs", ".idea"];

    /// <summary>The folder that holds <c>Eager.sln</c>.</summary>
    public static string Path { get; } = Find();

    public static string Combine(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Paths, relative to the root and with forward slashes, of all files but those that a build makes.</summary>
    public static IEnumerable<string> SourceFiles() =>
        FilesBelow(new DirectoryInfo(Path)).Select(file => System.IO.Path.GetRelativePath(Path, file).Replace('\\', '/')).Order(StringComparer.Ordinal);

    private static IEnumerable<string> FilesBelow(DirectoryInfo folder) =>
        folder.EnumerateFiles().Select(file => file.FullName)
            .Concat(folder.EnumerateDirectories().Where(child => !BuildFolders.Contains(child.Name)).SelectMany(FilesBelow));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Eager.sln")))
                return folder.FullName;
        }
        throw new FileNotFoundException($"No folder above {AppContext.BaseDirectory} holds Eager.sln.");
    }
}
