using System.Text.RegularExpressions;

namespace GpuSvm.Docs.Tests.Infrastructure;

/// <summary>Every test of the solution as <c>Class.Method</c>, found in the sources under <c>tests</c>.</summary>
internal static partial class TestIndex
{
    /// <summary>The tests' names.</summary>
    public static IReadOnlySet<string> OfSource { get; } = Directory
        .EnumerateFiles(Repository.PathTo("tests"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
        .SelectMany(file => Tests(File.ReadAllText(file)))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>The tests of one source text.</summary>
    public static IEnumerable<string> Tests(string source)
    {
        string? type = null;
        bool marked = false;
        foreach (string line in source.Split('\n'))
        {
            if (ClassLine().Match(line) is { Success: true } found)
            {
                type = found.Groups[1].Value;
            }

            marked |= TestAttribute().IsMatch(line);
            if (marked && MethodLine().Match(line) is { Success: true } method)
            {
                marked = false;
                yield return $"{type}.{method.Groups[1].Value}";
            }
        }
    }

    [GeneratedRegex(@"^\s*(?:public|internal)\s[\w\s]*\bclass\s+(\w+)")]
    private static partial Regex ClassLine();

    [GeneratedRegex(@"^\s*\[(?:Fact|Theory|\w+Fact|\w+Theory)\b")]
    private static partial Regex TestAttribute();

    [GeneratedRegex(@"\bpublic\s+(?:static\s+)?(?:async\s+)?\w+\s+(\w+)\s*\(")]
    private static partial Regex MethodLine();
}
