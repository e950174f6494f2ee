using System.Reflection;
using System.Text.RegularExpressions;
using GpuSvm.Docs.Tests.Infrastructure;

namespace GpuSvm.Docs.Tests;

/// <summary>The tour in README.md compiles in a project outside this tree that references <c>src/GpuSvm</c>, and does what it says.</summary>
[Collection("builds")]
public sealed partial class OutsideProjectTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpusvm-outside-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_tour_compiles_with_one_using_and_prints_43()
    {
        string configuration = typeof(OutsideProjectTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        WriteProject();

        (int exitCode, string output, string error) = await ChildProcess.DotnetAsync(
            _folder, "build", "--configuration", configuration, "--verbosity", "quiet", "-maxcpucount:1", "-p:BuildProjectReferences=false");
        Assert.True(exitCode == 0, output + error);

        (exitCode, output, error) = await ChildProcess.DotnetAsync(_folder, Path.Combine("bin", configuration, "net10.0", "Outside.dll"));
        Assert.Equal("43\n", output);
        Assert.Equal(string.Empty, error);
        Assert.Equal(0, exitCode);
    }

    private void WriteProject()
    {
        string tour = Tour().Match(Repository.Read("README.md")).Groups[1].Value;
        Assert.Single(Using().Matches(tour));
        File.WriteAllText(Path.Combine(_folder, "Program.cs"), tour);

        // Files of these names end the search upwards, whatever lies above the temporary folder.
        File.WriteAllText(Path.Combine(_folder, "Directory.Build.props"), "<Project />");
        File.WriteAllText(Path.Combine(_folder, "Directory.Build.targets"), "<Project />");
        File.WriteAllText(Path.Combine(_folder, "Directory.Packages.props"), "<Project />");
        File.WriteAllText(Path.Combine(_folder, "Outside.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <UseAppHost>false</UseAppHost>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <ProjectReference Include="{Repository.PathTo("src/GpuSvm/GpuSvm.csproj")}" />
              </ItemGroup>
            </Project>
            """);
    }

    [GeneratedRegex("```csharp\n(using GpuSvm;\n.*?)```", RegexOptions.Singleline)]
    private static partial Regex Tour();

    [GeneratedRegex(@"^using\s+\w[\w.]*;", RegexOptions.Multiline)]
    private static partial Regex Using();
}
