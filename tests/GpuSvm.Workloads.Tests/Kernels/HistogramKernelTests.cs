namespace GpuSvm.Workloads.Tests.Kernels;

public sealed class HistogramKernelTests
{
    [Theory]
    [InlineData(ExecutionMode.Sequential, 1, 1, 1)]
    [InlineData(ExecutionMode.Sequential, 2, 32, 30_011)]
    [InlineData(ExecutionMode.Parallel, 4, 32, 100_003)]
    public async Task Random_bytes_are_counted_as_the_cpu_counts_them(ExecutionMode execution, int grid, int block, int length)
    {
        var random = new SeededRandom(3);
        byte[] data = new byte[length];
        foreach (ref byte value in data.AsSpan())
        {
            value = (byte)(random.Next(4) == 0 ? 255 : random.Next(200));
        }

        using TestMachine machine = TestMachine.Create(execution, seed: 2);
        ulong counts = machine.Map((long)Histogram.TableBytes);
        ulong partials = machine.Map((long)Histogram.TableBytes * grid * block);
        await machine.RunAsync(Histogram.Kernel, grid, block, new HistogramArgs(machine.Place<byte>(data), length, counts, partials));

        long[] seen = [.. Enumerable.Range(0, Histogram.Values).Select(value => machine.Cpu.Load<long>(counts + (8 * (ulong)value)))];
        Assert.Equal(PlainHistogram.Count(new MemoryStream(data)), seen);
        Assert.Equal(length, seen.Sum());
    }
}
