using System.Globalization;
using System.Text;

namespace GpuSvm.Workloads.Tests.Kernels;

public sealed class BreadthFirstSearchKernelTests
{
    [Theory]
    [InlineData(ExecutionMode.Sequential, EdgeDirection.Directed)]
    [InlineData(ExecutionMode.Sequential, EdgeDirection.Undirected)]
    [InlineData(ExecutionMode.Parallel, EdgeDirection.Directed)]
    [InlineData(ExecutionMode.Parallel, EdgeDirection.Undirected)]
    public async Task Random_graphs_have_the_levels_that_the_cpu_finds(ExecutionMode execution, EdgeDirection direction)
    {
        const ulong Seed = 21;
        var random = new SeededRandom(Seed);
        for (int round = 0; round < 6; round++)
        {
            int nodes = 2 + random.Next(3000);
            var text = new StringBuilder();
            for (int edge = random.Next(4 * nodes); edge >= 0; edge--)
            {
                text.Append(CultureInfo.InvariantCulture, $"{random.Next(nodes)} {random.Next(nodes)}\n");
            }

            (int[] expected, int[] seen, _) = await SearchAsync(text.ToString(), direction, execution);

            Assert.True(expected.SequenceEqual(seen), $"seed {Seed}, round {round}");
        }
    }

    [Fact]
    public async Task A_long_chain_is_followed_by_one_launch()
    {
        var text = new StringBuilder();
        for (int node = 0; node < 5000; node++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{node} {node + 1}\n");
        }

        (int[] expected, int[] seen, int launches) = await SearchAsync(text.ToString(), EdgeDirection.Directed, ExecutionMode.Sequential);

        Assert.Equal(expected, seen);
        Assert.Equal(5000, seen[^1]);
        Assert.Equal(1, launches);
    }

    [Fact]
    public async Task A_frontier_too_large_for_one_block_is_given_to_many()
    {
        var text = new StringBuilder();
        for (int node = 1; node <= 1000; node++)
        {
            text.Append(CultureInfo.InvariantCulture, $"0 {node}\n{node} {1000 + (node / 2)}\n");
        }

        (int[] expected, int[] seen, int launches) = await SearchAsync(text.ToString(), EdgeDirection.Directed, ExecutionMode.Parallel);

        Assert.Equal(expected, seen);
        Assert.Equal(3, launches);
    }

    private static async Task<(int[] Expected, int[] Seen, int Launches)> SearchAsync(
        string text, EdgeDirection direction, ExecutionMode execution)
    {
        byte[] list = Encoding.ASCII.GetBytes(text);
        GraphIndex index = GraphIndex.Read(new MemoryStream(list), direction);
        int[] targets = new int[index.ArcCount];
        foreach (Arc arc in index.Arcs(new MemoryStream(list)))
        {
            targets[arc.Slot] = arc.To;
        }

        int[] levels = [0, .. Enumerable.Repeat(BreadthFirstSearch.Unreached, index.NodeCount - 1)];
        using TestMachine machine = TestMachine.Create(execution, seed: 9);
        var args = new BreadthFirstSearchArgs(
            machine.Place(index.Offsets),
            machine.Place<int>(targets),
            machine.Place<int>(levels),
            machine.Map(4L * index.NodeCount),
            machine.Map(4L * index.NodeCount),
            machine.Map((long)BreadthFirstSearch.StateBytes));
        machine.Cpu.Store(args.State + BreadthFirstSearch.CountOffset, 1L);
        int launches = 0;
        for (long count = 1; count > 0; count = machine.Cpu.Load<long>(args.State + BreadthFirstSearch.CountOffset))
        {
            await machine.RunAsync(BreadthFirstSearch.Kernel, grid: count <= 32 * BreadthFirstSearch.SmallFrontier ? 1 : 4, block: 32, args);
            launches++;
        }

        int[] seen = [.. Enumerable.Range(0, index.NodeCount).Select(node => machine.Cpu.Load<int>(args.Levels + (4 * (ulong)node)))];
        return (PlainBreadthFirstSearch.Levels(index, new MemoryStream(list), source: 0), seen, launches);
    }
}
