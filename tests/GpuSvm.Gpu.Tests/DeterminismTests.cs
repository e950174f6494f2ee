namespace GpuSvm.Gpu.Tests;

public sealed class DeterminismTests
{
    [Fact]
    public void One_seed_gives_one_schedule()
    {
        (GpuCounters Counters, ulong[] Faults) first = Run(5);
        (GpuCounters Counters, ulong[] Faults) again = Run(5);
        (GpuCounters Counters, ulong[] Faults) other = Run(6);
        Assert.Equal(first.Counters, again.Counters);
        Assert.Equal(first.Faults, again.Faults);
        Assert.NotEqual(first.Faults, other.Faults);
    }

    [Fact]
    public void Nothing_is_allocated_by_accesses_or_by_faults_once_warm()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Sms = 1, FaultBufferEntries = 64 });
        int unserved = 0;
        rig.Gpu.SetFaultInterrupt(() =>
        {
            rig.Gpu.FaultBuffer.WriteGet(rig.Gpu.FaultBuffer.Put);
            if (--unserved == 0)
            {
                rig.Map(32);
            }

            rig.Gpu.Replay();
        });

        long Measure(int interrupts, int passes)
        {
            long least = long.MaxValue;
            for (int i = 0; i < 3; i++)
            {
                rig.Unmap(0, 32);
                unserved = interrupts;
                long before = GC.GetAllocatedBytesForCurrentThread();
                rig.Launch(Kernels.Increment, 1, 32, new SumArgs(TestRig.Base, 0, 32 * passes, 4096 / passes)).ThrowIfFailed();
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            return least;
        }

        long few = Measure(1, 1);
        Assert.Equal(3 * 32, rig.Gpu.Counters.FaultsReported);
        Assert.Equal(few, Measure(20, 1));
        Assert.Equal(3 * 32 * 21, rig.Gpu.Counters.FaultsReported);
        Assert.Equal(few, Measure(1, 64));
    }

    private static (GpuCounters Counters, ulong[] Faults) Run(ulong seed)
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Seed = seed, Sms = 4, FaultBufferEntries = 8 });
        rig.Back(65);
        rig.Launch(Kernels.Increment, 6, 48, new SumArgs(TestRig.Base, 0, 512, 512)).ThrowIfFailed();
        return (rig.Gpu.Counters, [.. rig.Faults.Select(fault => fault.Address.Value)]);
    }
}
