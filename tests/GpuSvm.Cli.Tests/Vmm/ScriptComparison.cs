using System.Globalization;
using System.Text.RegularExpressions;

namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>Says whether two outputs of a script agree.</summary>
/// <remarks>
/// They agree when they are equal line by line, with two exceptions. Of a <c>cnt</c> line only the live tables, the live memory and the
/// balance of DMA mappings count, for an implementation may allocate, flush and map fewer times. Of <c>check</c>, <c>digest</c> and
/// <c>teardown</c> lines only what stands up to <c>ok</c> counts.
/// </remarks>
internal static partial class ScriptComparison
{
    /// <summary>The first lines that differ; empty if the outputs agree.</summary>
    public static IReadOnlyList<string> Differences(IReadOnlyList<string> expected, IReadOnlyList<string> actual)
    {
        List<string> differences = [];
        for (int i = 0; i < Math.Max(expected.Count, actual.Count) && differences.Count < 5; i++)
        {
            string wanted = i < expected.Count ? WhatCounts(expected[i]) : "(no line)";
            string got = i < actual.Count ? WhatCounts(actual[i]) : "(no line)";
            if (wanted != got)
            {
                differences.Add($"line {i + 1}: expected '{wanted}', got '{got}'");
            }
        }

        return differences;
    }

    /// <summary>The part of a line that has to be equal.</summary>
    public static string WhatCounts(string line)
    {
        if (Counts().Match(line) is { Success: true } counts)
        {
            long balance = Number(counts, "maps") - Number(counts, "unmaps");
            return $"cnt ptlive={counts.Groups["tables"]} dma={balance} mem={counts.Groups["mem"]}";
        }

        return SelfJudged().Match(line) is { Success: true } judged ? judged.Value : line;
    }

    private static long Number(Match match, string group) => long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^cnt .* ptlive=(?<tables>\d+) .* dmamap=(?<maps>\d+) dmaunmap=(?<unmaps>\d+) mem=(?<mem>\d+)$",
        RegexOptions.ExplicitCapture,
        5000)]
    private static partial Regex Counts();

    [GeneratedRegex(@"^\d+ (check|digest|teardown) ok\b", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex SelfJudged();
}
