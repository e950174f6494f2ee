namespace GpuSvm.Mutate.Targets;

/// <summary>Files of one project that are mutated.</summary>
/// <param name="Project">Name of the project, which is that of its folder in src and of its assembly.</param>
/// <param name="Files">Paths in the project; a folder stands for the files in it.</param>
/// <param name="Tests">The tests that are most likely to notice, first to last.</param>
public sealed record Target(string Project, string[] Files, TestRun[] Tests)
{
    /// <summary>The notifier core, the servicing protocol, and the flush that both rely on.</summary>
    public static IReadOnlyList<Target> All { get; } =
    [
        new(
            "GpuSvm.Mm",
            ["Notifiers"],
            [new("GpuSvm.Mm.Tests", "FullyQualifiedName!~BrokenControl&FullyQualifiedName!~Model"), new("GpuSvm.Driver.Tests")]),
        new("GpuSvm.Driver", ["Faults", "Mirrors"], [new("GpuSvm.Driver.Tests")]),
        new("GpuSvm.Mmu", ["Tables/TlbBatch.cs"], [new("GpuSvm.Mmu.Tests"), new("GpuSvm.Driver.Tests")]),
    ];

    /// <summary>The paths of the files from the root of the checkout, in order.</summary>
    public IEnumerable<string> Paths(string root) => Files.Select(file => Path.Combine("src", Project, file)).SelectMany(path =>
        path.EndsWith(".cs", StringComparison.Ordinal)
            ? (IEnumerable<string>)[path]
            : Directory.EnumerateFiles(Path.Combine(root, path), "*.cs")
                .Select(full => Path.GetRelativePath(root, full))
                .Order(StringComparer.Ordinal));
}
