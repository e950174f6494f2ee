using System.Reflection;
using GpuSvm.Architecture.Tests.Infrastructure;

namespace GpuSvm.Architecture.Tests.Sources;

/// <summary>Names that would be in the way of those who use the library.</summary>
public sealed class NameTests
{
    private static readonly string[] NamesOfProjects = ["Svm", "Gpu", "Mm", "Mmu", "Driver", "Live"];

    private static readonly string[] ImplicitUsings =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks",
    ];

    [Fact]
    public void No_type_has_the_name_of_a_namespace() => Rule.Holds(
        $"GpuSvm.{NamesOfProjects[0]} and the like are namespaces; a type of that name hides one.",
        from file in SourceFile.Below("src")
        from type in file.Types
        where NamesOfProjects.Contains(type)
        select $"{file.Path}: {type}");

    [Fact]
    public void No_public_type_hides_one_of_the_framework()
    {
        HashSet<string> taken = [.. FrameworkTypes()];
        Assert.Contains("Console", taken);
        Assert.Contains("Range", taken);
        Assert.Contains("HttpClient", taken);
        Rule.Holds(
            "With implicit usings the name would be ambiguous for every user.",
            from file in SourceFile.Below("src")
            from type in file.PublicTypes
            where taken.Contains(type)
            select $"{file.Path}: {type}");
    }

    private static IEnumerable<string> FrameworkTypes()
    {
        string folder = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return from file in Directory.EnumerateFiles(folder, "System*.dll")
               from type in Assembly.Load(Path.GetFileNameWithoutExtension(file)).GetExportedTypes()
               where ImplicitUsings.Contains(type.Namespace)
               select type.Name.Split('`')[0];
    }
}
