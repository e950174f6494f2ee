using System.Xml.Linq;
using GpuSvm.Architecture.Tests.Infrastructure;

namespace GpuSvm.Architecture.Tests.Projects;

/// <summary>What the project files say: which way the arrows run, who may write unsafe code, what the solution holds.</summary>
public sealed class ProjectTests
{
    /// <summary>Every project of src, those to come included, and what it may use. See docs/architecture.md.</summary>
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Core"] = [],
        ["Telemetry"] = ["Core"],
        ["Mm"] = ["Core", "Telemetry"],
        ["Mmu"] = ["Core", "Telemetry"],
        ["Gpu"] = ["Core", "Mmu", "Telemetry"],
        ["Svm"] = ["Core", "Mm", "Telemetry"],
        ["Driver"] = ["Core", "Mm", "Mmu", "Gpu", "Svm", "Telemetry"],
        ["Live"] = ["Core", "Mm", "Mmu", "Gpu", "Svm", "Driver", "Telemetry"],
        ["Engine"] = ["Live", "Telemetry"],
        ["Workloads"] = ["Core", "Mmu", "Gpu", "Telemetry"],
        [""] = ["Core", "Mm", "Mmu", "Gpu", "Svm", "Driver", "Live", "Engine", "Workloads", "Telemetry"],
        ["Scenarios"] = ["Core", "Mm", "Mmu", "Gpu", "Svm", "Driver", "Telemetry"],
        ["HmmTests"] = ["Core", "Mm"],
        ["SvmTests"] = ["Core", "Mm", "Mmu", "Gpu", "Svm", "Driver", "Scenarios"],
        ["Cli"] = ["Core", "Mm", "Mmu", "Gpu", "Svm", "Driver", "Live", "Engine", "Workloads", "Scenarios", "HmmTests", "SvmTests", "Telemetry", ""],
    };

    private static readonly string[] MayBeUnsafe = ["Core", "Gpu", "Mmu", "Live"];

    [Fact]
    public void Arrows_between_projects_run_one_way() => Rule.Holds(
        "A project uses only what lies below it; what must flow up needs an interface that the lower project owns.",
        from project in SourceProjects
        from target in References(project)
        where !MayUse.TryGetValue(ShortName(project), out string[]? allowed) || !allowed.Contains(ShortName(target))
        select $"{project} uses {target}");

    [Fact]
    public void Every_project_of_src_has_its_place_in_the_table() => Rule.Holds(
        "A project of src lies in a folder of its own name and is known to the table of arrows.",
        SourceProjects.Where(project =>
            !MayUse.ContainsKey(ShortName(project))
            || Path.GetFileName(Path.GetDirectoryName(project)) != Path.GetFileNameWithoutExtension(project)));

    [Fact]
    public void The_table_of_arrows_has_no_circle() => Rule.Holds(
        "What a project may use may not use the project.",
        from project in MayUse.Keys
        from used in MayUse[project]
        where MayUse[used].Contains(project)
        select $"{project} and {used}");

    [Fact]
    public void Unsafe_code_is_allowed_where_memory_is_simulated_or_shared_and_nowhere_else() => Rule.Holds(
        $"AllowUnsafeBlocks is for {string.Join(", ", MayBeUnsafe)}.",
        from project in SourceProjects
        where Repository.Read(project).Contains("AllowUnsafeBlocks", StringComparison.Ordinal) && !MayBeUnsafe.Contains(ShortName(project))
        select project);

    [Fact]
    public void The_solution_lists_every_project_and_nothing_else()
    {
        string[] listed = [.. Load("GpuSvm.slnx").Descendants("Project").Select(project => project.Attribute("Path")!.Value)];
        string[] there = [.. ((string[])["src", "tests", "bench", "samples"]).SelectMany(folder => Repository.Files(folder, "*.csproj"))];
        Assert.Equal(there.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_project_has_a_lock_file() => Rule.Holds(
        "Restore is locked where CI=true; run dotnet restore and commit packages.lock.json.",
        from project in Load("GpuSvm.slnx").Descendants("Project").Select(project => project.Attribute("Path")!.Value)
        where !File.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, "packages.lock.json"))
        select project);

    [Fact]
    public void Package_versions_are_exact() => Rule.Holds(
        "A version in Directory.Packages.props is in brackets: [1.2.3].",
        from package in Load("Directory.Packages.props").Descendants("PackageVersion")
        let version = package.Attribute("Version")!.Value
        where !version.StartsWith('[') || !version.EndsWith(']') || version.Contains(',')
        select $"{package.Attribute("Include")!.Value} {version}");

    private static IReadOnlyList<string> SourceProjects => Repository.Files("src", "*.csproj");

    private static IEnumerable<string> References(string project) =>
        from reference in Load(project).Descendants("ProjectReference")
        where reference.Attribute("ReferenceOutputAssembly")?.Value != "false" // built beside it, not used
        let path = Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, reference.Attribute("Include")!.Value)
        select Path.GetRelativePath(Repository.Root, Path.GetFullPath(path));

    private static string ShortName(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        return name.StartsWith("GpuSvm.", StringComparison.Ordinal) ? name["GpuSvm.".Length..] : name == "GpuSvm" ? "" : name;
    }

    private static XDocument Load(string path) => XDocument.Parse(Repository.Read(path));
}
