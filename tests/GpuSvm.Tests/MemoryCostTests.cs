using System.Diagnostics;

namespace GpuSvm.Tests;

/// <summary>Tests that measure the process and must have it to themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneInTheProcess
{
    public const string Name = "alone in the process";
}

/// <summary>The machine costs what its programs touch, and little more.</summary>
[Collection(AloneInTheProcess.Name)]
public sealed class MemoryCostTests
{
    [Fact]
    public async Task A_machine_costs_at_most_a_tenth_more_than_the_memory_its_programs_touch_plus_128_MiB()
    {
        const ulong Touched = 512UL << 20;
        long before = ResidentBytes();
        using var m = new Machine(new MachineOptions());
        SimulatedProcess p = m.StartProcess();
        VirtualAddress a = p.Map(Touched, Protection.ReadWrite);
        Fill(p.Cpu(0), a, Touched);

        LaunchResult r = await m.Gpu.LaunchAsync(p, TestKernels.TouchPages, grid: 64, block: 128, new ArrayArgs(a, (long)(Touched >> 12)));
        long cost = ResidentBytes() - before;

        Assert.Equal(LaunchStatus.Completed, r.Status);
        Assert.Equal((long)(Touched >> 12), m.Counters.PagesMapped);
        Assert.InRange(cost, (long)Touched, (long)(Touched * 1.1) + (128L << 20));
    }

    private static void Fill(CpuThread cpu, VirtualAddress address, ulong bytes)
    {
        byte[] block = new byte[1 << 20];
        for (ulong offset = 0; offset < bytes; offset += (ulong)block.Length)
        {
            cpu.Write(address + offset, block);
        }
    }

    private static long ResidentBytes()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
