using System.CommandLine;
using System.Globalization;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Runs.Graphs;

namespace GpuSvm.Cli.Runs;

/// <summary><c>gpusvm run pagerank</c>.</summary>
internal static class PageRankVerb
{
    private const int ShownNodes = 10;

    // Changes shrink by the damping each time, from at most 2 on: they are below this after 118 iterations.
    private const double SmallChange = 1e-8;
    private const int MostIterations = 200;

    // All terms are positive: both sums of some million of them round by far less than this.
    private const double Rounding = 1e-9;

    /// <summary>Makes the command.</summary>
    public static WorkloadCommand Create()
    {
        var command = new WorkloadCommand("pagerank", "PageRank of a graph: which nodes are led to most, by nodes that are led to much.");
        Argument<string> file = WorkloadCommand.FileArgument("An edge list: two integers on each line, '#' begins a comment.");
        command.Add(file);
        command.Runs((session, parsed) => RunAsync(session, InputFile.At(parsed.GetRequiredValue(file))));
        return command;
    }

    private static async Task<RunReport> RunAsync(RunSession session, InputFile file)
    {
        try
        {
            return await RankAsync(session, file).ConfigureAwait(false);
        }
        catch (EdgeListException malformed)
        {
            throw new BadInputException($"{file.Path}: {malformed.Message}");
        }
    }

    private static async Task<RunReport> RankAsync(RunSession session, InputFile file)
    {
        GraphIndex index = GraphInput.ReadIndex(file, EdgeDirection.Reversed);
        using FileStream edges = file.Open();
        RankedGraph graph = RankedGraph.Load(session, index, edges);
        int iterations = 0;
        double change = double.PositiveInfinity;
        while (change > SmallChange && iterations < MostIterations)
        {
            change = await graph.IterateAsync().ConfigureAwait(false);
            iterations++;
        }

        using FileStream again = file.Open();
        (double[] expected, double expectedChange) = PlainPageRank.Compute(index, again, iterations);
        double[] seen = [.. Enumerable.Range(0, index.NodeCount).Select(graph.RankOf)];
        PageRankResult result = new(iterations, change, Top(index, seen));
        return new RunReport(
            new PageRankInput(file.Path, file.Length, index.NodeCount, index.EdgeCount),
            result,
            Describe(result, index),
            expectedChange > SmallChange * (1 + Rounding)
                ? string.Create(CultureInfo.InvariantCulture, $"ranks still change by {expectedChange} for the CPU")
                : FindWrong(index, expected, seen));
    }

    private static NodeRank[] Top(GraphIndex index, double[] ranks) =>
    [
        .. ranks.Select((rank, node) => new NodeRank(index.IdOf(node), rank))
            .OrderByDescending(ranked => ranked.Rank).ThenBy(ranked => ranked.Node).Take(ShownNodes),
    ];

    private static string? FindWrong(GraphIndex index, double[] expected, double[] seen)
    {
        for (int node = 0; node < expected.Length; node++)
        {
            // Written so that what is no number is wrong.
            if (!(Math.Abs(seen[node] - expected[node]) <= Rounding * expected[node]))
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"node {index.IdOf(node)} has rank {expected[node]} for the CPU, {seen[node]} for the GPU");
            }
        }

        return null;
    }

    private static List<string> Describe(PageRankResult result, GraphIndex index)
    {
        List<string> lines = [$"{index.NodeCount} nodes ranked in {result.Iterations} iterations; highest:"];
        foreach (NodeRank ranked in result.Top)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"  node {ranked.Node,12} {ranked.Rank,12:f8}"));
        }

        return lines;
    }
}
