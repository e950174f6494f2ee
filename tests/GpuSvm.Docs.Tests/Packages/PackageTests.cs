using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using GpuSvm.Docs.Tests.Infrastructure;

namespace GpuSvm.Docs.Tests.Packages;

/// <summary>What <c>dotnet pack</c> makes can be used where this tree is not.</summary>
[Collection("builds")]
public sealed class PackageTests(PackageFolder folder) : IClassFixture<PackageFolder>
{
    private static readonly string[] Parts = ["", ".Core", ".Driver", ".Gpu", ".Live", ".Mm", ".Mmu", ".Svm", ".Telemetry"];

    [Fact]
    public void The_library_is_one_package_with_its_assemblies_their_documentation_and_the_engine()
    {
        using ZipArchive package = ZipFile.OpenRead(folder.Package("GpuSvm.nupkg"));

        string[] expected =
        [
            .. Parts.Select(part => $"lib/net10.0/GpuSvm{part}.dll"),
            .. Parts.Select(part => $"lib/net10.0/GpuSvm{part}.xml"),
            "engine/GpuSvm.Engine.dll", "engine/GpuSvm.Engine.deps.json", "engine/GpuSvm.Engine.runtimeconfig.json",
            "buildTransitive/GpuSvm.targets", "README.md", "GpuSvm.nuspec",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), Names(package).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Both_packages_have_a_licence_a_page_to_read_and_symbols()
    {
        foreach (string id in (string[])["GpuSvm", "GpuSvm.Cli"])
        {
            using ZipArchive package = ZipFile.OpenRead(folder.Package($"{id}.nupkg"));
            using ZipArchive symbols = ZipFile.OpenRead(folder.Package($"{id}.snupkg"));
            XElement[] metadata = [.. XDocument.Load(package.GetEntry($"{id}.nuspec")!.Open()).Root!.Elements().Single().Elements()];

            Assert.Equal("MIT", metadata.Single(element => element.Name.LocalName == "license").Value);
            Assert.Equal("README.md", metadata.Single(element => element.Name.LocalName == "readme").Value);
            string[] own = [.. Names(package).Where(IsOwnAssembly).Select(name => Path.ChangeExtension(name, ".pdb"))];
            Assert.Empty(own.Except(Names(symbols)));
            Assert.True(own.Length >= Parts.Length, id);
        }
    }

    [Fact]
    public void Nothing_in_the_packages_tells_where_they_were_built()
    {
        // A debug build names its sources, so that a debugger finds them.
        if (PackageFolder.Configuration != "Release")
        {
            return;
        }

        byte[] root = Encoding.UTF8.GetBytes(Repository.Root);
        foreach (string package in Directory.GetFiles(Path.Combine(folder.Path, "packages")))
        {
            using ZipArchive archive = ZipFile.OpenRead(package);
            Expect.None(archive.Entries.Where(entry => Bytes(entry).AsSpan().IndexOf(root) >= 0).Select(entry => $"{package}: {entry.FullName}"));
        }
    }

    [LiveFact]
    public async Task Saxpy_runs_live_in_a_project_that_has_nothing_but_the_package()
    {
        string project = Directory.CreateDirectory(Path.Combine(folder.Path, "saxpy")).FullName;
        File.Copy(Repository.PathTo("samples/Saxpy/Program.cs"), Path.Combine(project, "Program.cs"));
        File.WriteAllText(Path.Combine(project, "Saxpy.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="GpuSvm" Version="*" />
              </ItemGroup>
            </Project>
            """);
        await folder.MustAsync("build", "saxpy", "--configuration", "Release", "--verbosity", "quiet", "-maxcpucount:1");

        (int exitCode, string output, string error) =
            await ChildProcess.DotnetAsync(folder.Path, Path.Combine("saxpy", "bin", "Release", "net10.0", "Saxpy.dll"));

        Assert.Equal((0, string.Empty), (exitCode, error));
        Assert.Contains("\ny[42] is 5\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tool_is_installed_and_runs_on_its_own_memory_where_it_may()
    {
        await folder.MustAsync("tool", "install", "GpuSvm.Cli", "--tool-path", "tools", "--configfile", "NuGet.config");
        string tool = Path.Combine(folder.Path, "tools", "gpusvm");

        Assert.Equal((0, "0.1.0\n", string.Empty), await ChildProcess.ProgramAsync(folder.Path, tool, "--version"));
        string[] run = ["run", "list", "--nodes", "100", "--json"];
        await RunAsync("simulated", [.. run, "--simulate"]);
        if (SvmSession.Missing is null)
        {
            await RunAsync("live", [.. run, "--live"]);
        }

        async Task RunAsync(string mode, string[] arguments)
        {
            (int exitCode, string output, string error) = await ChildProcess.ProgramAsync(folder.Path, tool, arguments);
            Assert.Equal((0, string.Empty), (exitCode, error));
            JsonElement document = JsonDocument.Parse(output).RootElement;
            Assert.True(document.GetProperty("verified").GetBoolean());
            Assert.Equal(mode, document.GetProperty("machine").GetProperty("mode").GetString());
        }
    }

    /// <summary>What a package holds, but for what packing itself adds.</summary>
    private static IEnumerable<string> Names(ZipArchive package) => package.Entries
        .Select(entry => entry.FullName)
        .Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal))
        .Where(name => name != "[Content_Types].xml");

    private static bool IsOwnAssembly(string name) =>
        Path.GetFileName(name).StartsWith("GpuSvm", StringComparison.Ordinal) && name.EndsWith(".dll", StringComparison.Ordinal)
        && !name.StartsWith("engine/", StringComparison.Ordinal);

    private static byte[] Bytes(ZipArchiveEntry entry)
    {
        using Stream stream = entry.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
