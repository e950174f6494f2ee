using System.Globalization;
using System.Text;

namespace GpuSvm.Workloads.Tests.Kernels;

public sealed class PageRankKernelTests
{
    [Theory]
    [InlineData(ExecutionMode.Sequential)]
    [InlineData(ExecutionMode.Parallel)]
    public async Task Random_graphs_get_the_ranks_that_the_cpu_finds(ExecutionMode execution)
    {
        const ulong Seed = 17;
        var random = new SeededRandom(Seed);
        for (int round = 0; round < 4; round++)
        {
            int nodes = 2 + random.Next(1500);
            var text = new StringBuilder();
            for (int edge = random.Next(3 * nodes); edge >= 0; edge--)
            {
                text.Append(CultureInfo.InvariantCulture, $"{random.Next(nodes)} {random.Next(nodes)}\n");
            }

            await ExpectRanksAsync(Encoding.ASCII.GetBytes(text.ToString()), iterations: 1 + (3 * round), execution, $"seed {Seed}, round {round}");
        }
    }

    [Fact]
    public void The_nodes_of_a_ring_have_equal_ranks()
    {
        byte[] list = "1 2\n2 3\n3 4\n4 1\n"u8.ToArray();

        (double[] ranks, double change) = PlainPageRank.Compute(Index(list), new MemoryStream(list), iterations: 5);

        Assert.All(ranks, rank => Assert.Equal(0.25, rank, precision: 15));
        Assert.Equal(0, change, precision: 15);
    }

    [Fact]
    public void The_rank_of_a_node_that_leads_nowhere_is_spread_over_all()
    {
        byte[] list = "1 2\n"u8.ToArray();

        (double[] ranks, double change) = PlainPageRank.Compute(Index(list), new MemoryStream(list), iterations: 1);

        // Of 1/2 and 1/2: 0.15/2 to each, 0.85/2 from node 1 to node 2, and 0.85/4 to each from node 2.
        Assert.Equal(0.2875, ranks[0], precision: 15);
        Assert.Equal(0.7125, ranks[1], precision: 15);
        Assert.Equal(0.425, change, precision: 15);
    }

    private static GraphIndex Index(byte[] list) => GraphIndex.Read(new MemoryStream(list), EdgeDirection.Reversed);

    private static async Task ExpectRanksAsync(byte[] list, int iterations, ExecutionMode execution, string what)
    {
        GraphIndex index = Index(list);
        int[] sources = new int[index.ArcCount];
        long[] degrees = new long[index.NodeCount];
        foreach (Arc arc in index.Arcs(new MemoryStream(list)))
        {
            sources[arc.Slot] = arc.To;
            degrees[arc.To]++;
        }

        int nodes = index.NodeCount;
        using TestMachine machine = TestMachine.Create(execution, seed: 9);
        var args = new PageRankArgs(
            machine.Place(index.Offsets),
            machine.Place<int>(sources),
            machine.Place<long>(degrees),
            machine.Place<double>([.. Enumerable.Repeat(1.0 / nodes, nodes)]),
            machine.Place<double>([.. degrees.Select(degree => degree == 0 ? 0 : 1.0 / nodes / degree)]),
            machine.Map(8L * nodes),
            machine.Map(4 * 32 * (long)PageRank.PartialBytes),
            nodes,
            PageRank.Base(nodes, (double)degrees.Count(degree => degree == 0) / nodes));
        double change = 0;
        for (int iteration = 0; iteration < iterations; iteration++)
        {
            await machine.RunAsync(PageRank.Kernel, grid: 4, block: 32, args);
            change = Partials(machine, args, offset: 8).Sum();
            double lost = Partials(machine, args, offset: 0).Sum();
            args = args with { Shares = args.NextShares, NextShares = args.Shares, Base = PageRank.Base(nodes, lost) };
        }

        (double[] expected, double expectedChange) = PlainPageRank.Compute(index, new MemoryStream(list), iterations);
        double[] seen = [.. Enumerable.Range(0, nodes).Select(node => machine.Cpu.Load<double>(args.Ranks + (8 * (ulong)node)))];
        Assert.True(seen.Zip(expected).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-12 * pair.Second), what);
        Assert.Equal(1, seen.Sum(), precision: 12);
        Assert.Equal(expectedChange, change, precision: 12);
    }

    private static IEnumerable<double> Partials(TestMachine machine, PageRankArgs args, ulong offset) =>
        Enumerable.Range(0, 4 * 32).Select(thread =>
            machine.Cpu.Load<double>(args.Partials + (PageRank.PartialBytes * (ulong)thread) + offset));
}
