namespace GpuSvm.Architecture.Tests.Infrastructure;

/// <summary>The checkout that these tests were built from.</summary>
public static class Repository
{
    private static readonly string[] NotSources = ["bin", "obj", "artifacts", ".git", "TestResults", "BenchmarkDotNet.Artifacts"];

    /// <summary>Absolute path of the folder that holds GpuSvm.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The files below a folder of the checkout whose names match, as paths from the root with slashes, in order.</summary>
    public static IReadOnlyList<string> Files(string folder, string pattern)
    {
        string start = Path.Combine(Root, folder);
        return Directory.Exists(start) ? [.. Walk(start, pattern).Order(StringComparer.Ordinal)] : [];
    }

    /// <summary>What a file of the checkout says.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static IEnumerable<string> Walk(string folder, string pattern)
    {
        IEnumerable<string> here = Directory.EnumerateFiles(folder, pattern).Select(file => Path.GetRelativePath(Root, file));
        IEnumerable<string> below = Directory.EnumerateDirectories(folder)
            .Where(child => !NotSources.Contains(Path.GetFileName(child)))
            .SelectMany(child => Walk(child, pattern));
        return here.Concat(below);
    }

    private static string FindRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "GpuSvm.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("No GpuSvm.slnx above the test assembly.");
        }

        return folder;
    }
}
