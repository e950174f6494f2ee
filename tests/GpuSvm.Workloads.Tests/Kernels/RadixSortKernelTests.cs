namespace GpuSvm.Workloads.Tests.Kernels;

public sealed class RadixSortKernelTests
{
    [Theory]
    [InlineData(ExecutionMode.Sequential, 1, 1, 1)]
    [InlineData(ExecutionMode.Sequential, 1, 32, 7)]
    [InlineData(ExecutionMode.Sequential, 3, 32, 5003)]
    [InlineData(ExecutionMode.Parallel, 4, 32, 20_011)]
    public async Task Random_numbers_come_out_in_order(ExecutionMode execution, int grid, int block, int count)
    {
        const ulong Seed = 4;
        var random = new SeededRandom(Seed);
        foreach (ulong bound in new[] { 3UL, 70_000UL, 1UL << 32 })
        {
            uint[] numbers = new uint[count];
            foreach (ref uint number in numbers.AsSpan())
            {
                number = (uint)random.Next(bound);
            }

            uint[] seen = await SortAsync(numbers, execution, grid, block);

            Array.Sort(numbers);
            Assert.True(numbers.SequenceEqual(seen), $"seed {Seed}, numbers below {bound}");
        }
    }

    [Fact]
    public async Task The_smallest_and_the_largest_number_are_put_at_the_ends() => Assert.Equal(
        [0, 255, 256, 0x7fff_ffff, 0x8000_0000, uint.MaxValue],
        await SortAsync([uint.MaxValue, 256, 0x8000_0000, 0, 0x7fff_ffff, 255], ExecutionMode.Sequential, grid: 2, block: 2));

    private static async Task<uint[]> SortAsync(uint[] numbers, ExecutionMode execution, int grid, int block)
    {
        using TestMachine machine = TestMachine.Create(execution, seed: 6);
        int threads = grid * block;
        ulong start = machine.Place<uint>(numbers);
        var args = new RadixSortArgs(
            start,
            machine.Map(4L * numbers.Length),
            machine.Map((long)RadixSort.CounterBytes * threads),
            machine.Map(4L * block),
            numbers.Length,
            threads,
            Shift: 0);
        for (int pass = 0; pass < RadixSort.Passes; pass++)
        {
            await machine.RunAsync(RadixSort.Count, grid, block, args);
            await machine.RunAsync(RadixSort.Scan, 1, block, args);
            await machine.RunAsync(RadixSort.Scatter, grid, block, args);
            args = args with { From = args.To, To = args.From, Shift = args.Shift + RadixSort.DigitBits };
        }

        Assert.Equal(start, args.From);
        return [.. Enumerable.Range(0, numbers.Length).Select(i => machine.Cpu.Load<uint>(start + (4 * (ulong)i)))];
    }
}
