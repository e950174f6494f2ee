namespace GpuSvm.Workloads.Tests.Kernels;

public sealed class StreamKernelTests
{
    [Theory]
    [InlineData(ExecutionMode.Sequential, 1, 1, 64, 64)]
    [InlineData(ExecutionMode.Sequential, 3, 32, 512, 5 * 512)]
    [InlineData(ExecutionMode.Parallel, 4, 32, 512, 20 * 512)]
    public async Task The_triad_of_random_numbers_is_that_of_the_cpu(ExecutionMode execution, int grid, int block, int part, int size)
    {
        var random = new SeededRandom(8);
        double[] b = [.. Enumerable.Range(0, size).Select(_ => (double)random.Next(1 << 20) - (1 << 19))];
        double[] c = [.. Enumerable.Range(0, size).Select(_ => (double)random.Next(1 << 20) - (1 << 19))];
        using TestMachine machine = TestMachine.Create(execution, seed: 3);
        ulong sums = machine.Map(sizeof(double) * (long)size);
        var args = new PatternArgs(sums, machine.Place<double>(b), machine.Place<double>(c), size, part);

        await machine.RunAsync(AccessPatterns.Stream, grid, block, args);

        double[] seen = [.. Enumerable.Range(0, size).Select(i => machine.Cpu.Load<double>(sums + (sizeof(double) * (ulong)i)))];
        Assert.Equal(PlainTriad.Compute(b, c), seen);
    }

    [Fact]
    public void The_plain_triad_adds_three_times_the_second_array() =>
        Assert.Equal([7, -1, 0], PlainTriad.Compute([1, 2, 0], [2, -1, 0]));
}
