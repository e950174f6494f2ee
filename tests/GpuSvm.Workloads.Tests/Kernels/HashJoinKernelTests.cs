namespace GpuSvm.Workloads.Tests.Kernels;

public sealed class HashJoinKernelTests
{
    [Theory]
    [InlineData(ExecutionMode.Sequential)]
    [InlineData(ExecutionMode.Parallel)]
    public async Task Random_tables_are_joined_as_the_cpu_joins_them(ExecutionMode execution)
    {
        const ulong Seed = 31;
        var random = new SeededRandom(Seed);
        for (int round = 0; round < 6; round++)
        {
            uint[] left = Keys(random, 1 + random.Next(2000), round);
            uint[] right = Keys(random, 1 + random.Next(2000), round);

            List<(int Left, int Right)> seen = await JoinAsync(left, right, execution);

            Assert.True(PlainJoin.Pairs(left, right).SequenceEqual(seen), $"seed {Seed}, round {round}");
        }
    }

    [Fact]
    public async Task Keys_of_one_bucket_are_told_apart_and_keys_that_occur_again_give_all_their_pairs() => Assert.Equal(
        [(0, 1), (0, 2), (2, 1), (2, 2)],
        await JoinAsync([7, 8, 7], [uint.MaxValue, 7, 7, 0], ExecutionMode.Sequential));

    [Fact]
    public async Task A_table_of_one_row_has_one_bucket() =>
        Assert.Equal([(0, 0)], await JoinAsync([uint.MaxValue], [uint.MaxValue, 5], ExecutionMode.Sequential));

    [Fact]
    public async Task Pairs_beyond_the_room_are_counted_and_not_stored()
    {
        using TestMachine machine = TestMachine.Create(ExecutionMode.Sequential, seed: 2);
        HashJoinArgs args = (await BuildAsync(machine, [3, 3, 3], [3, 4])) with { Pairs = machine.Map(24), PairRoom = 2 };

        await machine.RunAsync(HashJoin.Probe, 1, 32, args);

        Assert.Equal(3, machine.Cpu.Load<long>(args.PairCount));
        Assert.Equal(0, machine.Cpu.Load<long>(args.Pairs + 16));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(1024, 10)]
    [InlineData(1025, 11)]
    [InlineData(int.MaxValue, 31)]
    public void There_are_at_least_as_many_buckets_as_rows(int rows, int bits) => Assert.Equal(bits, HashJoin.BucketBits(rows));

    private static uint[] Keys(SeededRandom random, int rows, int round) =>
        [.. Enumerable.Range(0, rows).Select(_ => (uint)random.Next(1UL << (10 + round)))];

    private static async Task<List<(int Left, int Right)>> JoinAsync(uint[] left, uint[] right, ExecutionMode execution)
    {
        using TestMachine machine = TestMachine.Create(execution, seed: 9);
        HashJoinArgs args = await BuildAsync(machine, left, right);
        await machine.RunAsync(HashJoin.Probe, 4, 32, args);
        long pairs = machine.Cpu.Load<long>(args.PairCount);
        machine.Cpu.Store(args.PairCount, 0L);
        args = args with { Pairs = machine.Map(8 * Math.Max(1, pairs)), PairRoom = pairs };
        await machine.RunAsync(HashJoin.Probe, 4, 32, args);

        List<(int Left, int Right)> seen = [];
        for (ulong at = args.Pairs; at < args.Pairs + (8 * (ulong)pairs); at += 8)
        {
            seen.Add((machine.Cpu.Load<int>(at), machine.Cpu.Load<int>(at + 4)));
        }

        seen.Sort();
        return seen;
    }

    private static async Task<HashJoinArgs> BuildAsync(TestMachine machine, uint[] left, uint[] right)
    {
        int bits = HashJoin.BucketBits(left.Length);
        var args = new HashJoinArgs(
            machine.Place<uint>(left),
            left.Length,
            machine.Place<uint>(right),
            right.Length,
            machine.Map(4L << bits),
            bits,
            machine.Map(4L * left.Length),
            machine.Map(8),
            Pairs: 0,
            PairRoom: 0);
        await machine.RunAsync(HashJoin.Build, 4, 32, args);
        return args;
    }
}
