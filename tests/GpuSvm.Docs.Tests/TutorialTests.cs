using System.Text.RegularExpressions;
using GpuSvm.Docs.Tests.Infrastructure;

namespace GpuSvm.Docs.Tests;

/// <summary>What docs/tutorial.md shows is what samples/OwnKernel is, and what it says is printed is printed.</summary>
public sealed partial class TutorialTests
{
    private static readonly string Text = Repository.Read("docs/tutorial.md");

    [Fact]
    public void Each_code_block_is_a_region_of_the_sample_and_each_region_is_shown_once()
    {
        (string Region, string Code)[] shown = [.. CodeBlock().Matches(Text).Select(match => (match.Groups[1].Value, match.Groups[2].Value))];
        (string Region, string Code)[] sample = [.. Regions("Program.cs"), .. Regions("MyKernels.cs"), .. Regions("KernelArguments.cs")];

        Assert.Equal(sample.OrderBy(block => block.Region, StringComparer.Ordinal), shown.OrderBy(block => block.Region, StringComparer.Ordinal));
        Assert.Equal(AnyCodeBlock().Count(Text), shown.Length);
    }

    [Fact]
    public async Task The_sample_prints_what_the_tutorial_says()
    {
        (int exitCode, string output, string error) = await ChildProcess.DotnetAsync(AppContext.BaseDirectory, "OwnKernel.dll");

        Assert.Equal(string.Empty, error);
        Assert.Equal(Output().Match(Text).Groups[1].Value, output);
        Assert.Equal(0, exitCode);
    }

    private static IEnumerable<(string Region, string Code)> Regions(string file) => Region()
        .Matches(Repository.Read($"samples/OwnKernel/{file}"))
        .Select(match => ($"{file} {match.Groups[2].Value}", WithoutIndent(match.Groups[3].Value, match.Groups[1].Length)));

    private static string WithoutIndent(string code, int indent) =>
        string.Join('\n', code.Split('\n').Select(line => line.Length > indent ? line[indent..] : line.TrimStart(' ')));

    [GeneratedRegex(@"<!-- code: (.+?) -->\n```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("```csharp")]
    private static partial Regex AnyCodeBlock();

    [GeneratedRegex(@"<!-- output -->\n```text\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Output();

    [GeneratedRegex(@"^( *)#region (\S+)\n(.*?)^ *#endregion", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Region();
}
