using System.Text.RegularExpressions;
using GpuSvm.Architecture.Tests.Infrastructure;

namespace GpuSvm.Architecture.Tests.Docs;

/// <summary>Pages link to files that exist, and nothing in the repository knows the machine that it was written on.</summary>
public sealed partial class TextTests
{
    private static readonly string[] TextFiles =
        ["*.cs", "*.csproj", "*.props", "*.targets", "*.slnx", "*.json", "*.md", "*.sh", "*.yml", "test", "gpusvm", "run"];

    [Fact]
    public void Links_between_pages_lead_somewhere() => Rule.Holds(
        "A relative link in a page names a file or folder of the repository.",
        Repository.Files("", "*.md").SelectMany(page => DeadLinks(page, Repository.Read(page))));

    [Fact]
    public void A_dead_link_is_found_and_code_is_no_link() => Assert.Equal(
        ["docs/page.md: ../nothing.md"],
        DeadLinks("docs/page.md", """
            [lives](../README.md#top), [a site](https://example.org/x), [here](#anchor), [dead](../nothing.md#x), `[code](nowhere)`
            ```
            array[0](nowhere)
            ```
            """));

    [Fact]
    public void No_file_names_a_path_of_the_machine_it_was_written_on() => Rule.Holds(
        "Paths are relative to the repository.",
        from pattern in TextFiles
        from file in Repository.Files("", pattern)
        where MachinePath().IsMatch(Repository.Read(file))
        select file);

    private static IEnumerable<string> DeadLinks(string page, string text) =>
        from Match link in Link().Matches(Code().Replace(text, ""))
        let target = link.Groups["target"].Value
        where !target.Contains(':')
        let path = Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, target)
        where !Path.Exists(path)
        select $"{page}: {target}";

    [GeneratedRegex(@"\[[^\]\n]*\]\((?<target>[^)#\s]+)[^)]*\)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Link();

    [GeneratedRegex(@"```.*?```|`[^`\n]*`", RegexOptions.Singleline, 5000)]
    private static partial Regex Code();

    [GeneratedRegex(@"(?<![\w.~)*])/(work|root)/", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex MachinePath();
}
