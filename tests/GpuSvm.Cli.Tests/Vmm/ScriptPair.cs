namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>A script and what it has to print.</summary>
/// <param name="Path">Path of the script.</param>
internal sealed record ScriptPair(string Path)
{
    private static string Root => System.IO.Path.Combine(AppContext.BaseDirectory, "vmm-scripts");

    /// <summary>The script's text.</summary>
    public string Script => File.ReadAllText(Path);

    /// <summary>The lines to print.</summary>
    public string[] Expected => File.ReadAllLines(System.IO.Path.ChangeExtension(Path, ".expected"));

    /// <summary>Names of all pairs of a folder, in order.</summary>
    public static IReadOnlyList<string> Names(string folder) =>
        [.. Directory.GetFiles(System.IO.Path.Combine(Root, folder), "*.script").Order(StringComparer.Ordinal)
            .Select(path => System.IO.Path.GetFileNameWithoutExtension(path))];

    /// <summary>A pair by its name.</summary>
    public static ScriptPair Named(string folder, string name) => new(System.IO.Path.Combine(Root, folder, name + ".script"));
}
