namespace GpuSvm.Tests;

/// <summary>In sequential execution everything follows from the seed.</summary>
public sealed class DeterminismTests
{
    [Fact]
    public async Task The_same_seed_gives_the_same_counters()
    {
        Assert.Equal(await CountersOf(seed: 5), await CountersOf(seed: 5));
    }

    [Fact]
    public async Task A_small_fault_buffer_changes_the_batches_but_not_the_pages()
    {
        MachineCounters large = await CountersOf(seed: 5);
        MachineCounters small = await CountersOf(seed: 5, faultBufferEntries: 4);

        Assert.Equal(large.PagesMapped, small.PagesMapped);
        Assert.True(small.Overflows > 0, "512 faulting threads overflow a ring of 3 entries");
        Assert.True(small.Batches > large.Batches);
    }

    private static async Task<MachineCounters> CountersOf(ulong seed, int faultBufferEntries = 1024)
    {
        using var m = new Machine(new MachineOptions { Seed = seed, FaultBufferEntries = faultBufferEntries });
        SimulatedProcess p = m.StartProcess();
        VirtualAddress a = p.Map(ByteSize.MiB(2), Protection.ReadWrite);
        LaunchResult r = await m.Gpu.LaunchAsync(p, TestKernels.TouchPages, grid: 16, block: 64, new ArrayArgs(a, 512));
        Assert.Equal(LaunchStatus.Completed, r.Status);
        return m.Counters;
    }
}
