using System.CommandLine;
using System.Globalization;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Runs.Graphs;

namespace GpuSvm.Cli.Runs;

/// <summary><c>gpusvm run bfs</c>.</summary>
internal static class BfsVerb
{
    private const int ShownLevels = 50;

    /// <summary>Makes the command.</summary>
    public static WorkloadCommand Create()
    {
        var command = new WorkloadCommand("bfs", "Breadth-first search over a graph: how many nodes lie on each level.");
        Argument<string> file = WorkloadCommand.FileArgument("An edge list: two integers on each line, '#' begins a comment.");
        Option<long?> source = NumberOption.CreateOptional(
            "--source", "Id of the node to begin with; the first node of the file if not given.", long.MinValue, long.MaxValue);
        var undirected = new Option<bool>("--undirected") { Description = "Follow every edge both ways." };
        command.Add(file);
        command.Add(source);
        command.Add(undirected);
        command.Runs((session, parsed) => RunAsync(
            session,
            InputFile.At(parsed.GetRequiredValue(file)),
            parsed.GetValue(source),
            parsed.GetValue(undirected) ? EdgeDirection.Undirected : EdgeDirection.Directed));
        return command;
    }

    private static async Task<RunReport> RunAsync(RunSession session, InputFile file, long? sourceId, EdgeDirection direction)
    {
        try
        {
            return await SearchAsync(session, file, sourceId, direction).ConfigureAwait(false);
        }
        catch (EdgeListException malformed)
        {
            throw new BadInputException($"{file.Path}: {malformed.Message}");
        }
    }

    private static async Task<RunReport> SearchAsync(RunSession session, InputFile file, long? sourceId, EdgeDirection direction)
    {
        GraphIndex index = GraphInput.ReadIndex(file, direction);
        int source = FindSource(file, index, sourceId);
        using FileStream edges = file.Open();
        ProcessGraph graph = ProcessGraph.Load(session, index, edges);
        graph.Begin(source);
        for (long count = graph.FrontierCount; count > 0; count = graph.FrontierCount)
        {
            int threads = count <= BreadthFirstSearch.SmallFrontier ? 1 : RunSession.BlockSize;
            int blocks = count <= BreadthFirstSearch.SmallFrontier * threads ? 1 : session.BlocksFor(count);
            await session.LaunchAsync(BreadthFirstSearch.Kernel, blocks, threads, graph.Args).ConfigureAwait(false);
        }

        using FileStream again = file.Open();
        int[] expected = PlainBreadthFirstSearch.Levels(index, again, source);
        int wrong = Enumerable.Range(0, index.NodeCount).FirstOrDefault(node => graph.LevelOf(node) != expected[node], -1);
        BfsResult result = Collect(graph, index.NodeCount);
        return new RunReport(
            GraphInput.Of(file, index, direction, source),
            result,
            Describe(result, index, source),
            wrong < 0 ? null : $"node {index.IdOf(wrong)} is on level {expected[wrong]} for the CPU, {graph.LevelOf(wrong)} for the GPU");
    }

    private static int FindSource(InputFile file, GraphIndex index, long? id) =>
        id is not { } wanted ? 0 :
        index.TryFind(wanted, out int node) ? node :
        throw new BadInputException($"--source {wanted}: is not in {file.Path}, expected the id of one of its {index.NodeCount} nodes");

    private static BfsResult Collect(ProcessGraph graph, int nodes)
    {
        List<long> levels = [];
        for (int node = 0; node < nodes; node++)
        {
            int level = graph.LevelOf(node);
            while (level >= levels.Count)
            {
                levels.Add(0);
            }

            if (level >= 0)
            {
                levels[level]++;
            }
        }

        return new BfsResult(levels.Sum(), [.. levels]);
    }

    private static List<string> Describe(BfsResult result, GraphIndex index, int source)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        string reached = $"{result.Reached} of {index.NodeCount} nodes reached from {index.IdOf(source)} on {result.Levels.Length} levels";
        List<string> lines = [reached];
        foreach ((int level, long nodes) in result.Levels.Take(ShownLevels).Index())
        {
            lines.Add(string.Create(invariant, $"  level {level,3} {nodes,12} nodes"));
        }

        if (result.Levels.Length > ShownLevels)
        {
            lines.Add(string.Create(invariant, $"  and {result.Levels.Length - ShownLevels} more levels (--json lists all)"));
        }

        return lines;
    }
}
