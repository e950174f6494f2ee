using System.Reflection;
using GpuSvm.Docs.Tests.Infrastructure;

namespace GpuSvm.Docs.Tests.Packages;

/// <summary>Both packages, made from what is built already, and a folder outside the tree where they can be had.</summary>
public sealed class PackageFolder : IAsyncLifetime
{
    /// <summary>The folder: <c>packages</c> in it has the packages, and restoring goes to <c>restored</c>.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("gpusvm-packages-").FullName;

    /// <summary>How the packages' assemblies were built.</summary>
    public static string Configuration { get; } =
        typeof(PackageFolder).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>Path of a package.</summary>
    /// <param name="name">Name and extension, without the version.</param>
    public string Package(string name) => Assert.Single(Directory.GetFiles(
        System.IO.Path.Combine(Path, "packages"), $"{System.IO.Path.GetFileNameWithoutExtension(name)}.?.?.?{System.IO.Path.GetExtension(name)}"));

    public async Task InitializeAsync()
    {
        foreach (string project in (string[])["GpuSvm", "GpuSvm.Cli"])
        {
            await MustAsync(
                "pack", Repository.PathTo($"src/{project}/{project}.csproj"), "--no-build", "--configuration", Configuration,
                "--output", System.IO.Path.Combine(Path, "packages"), "--verbosity", "quiet");
        }

        // No feed of the network, and nothing restored before: what the packages depend on is where this tree's own restore has put it.
        string cache = typeof(PackageFolder).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(data => data.Key == "PackageRoot").Value!;
        await File.WriteAllTextAsync(System.IO.Path.Combine(Path, "NuGet.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="restored" /></config>
              <packageSources><clear /><add key="packages" value="packages" /><add key="cache" value="{cache}" /></packageSources>
              <fallbackPackageFolders><clear /></fallbackPackageFolders>
            </configuration>
            """);
    }

    public Task DisposeAsync()
    {
        Directory.Delete(Path, recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>Runs <c>dotnet</c> in the folder and expects success.</summary>
    public async Task MustAsync(params string[] arguments)
    {
        (int exitCode, string output, string error) = await ChildProcess.DotnetAsync(Path, arguments);
        Assert.True(exitCode == 0, $"dotnet {string.Join(' ', arguments)}: exit code {exitCode}\n{output}{error}");
    }
}
