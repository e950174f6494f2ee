namespace GpuSvm.Gpu.Tests;

public sealed class FaultTests
{
    [Fact]
    public void A_kernel_faults_its_way_through_memory_and_reads_what_is_there()
    {
        using var rig = new TestRig();
        rig.Back(4);
        for (ulong i = 0; i < 1024; i++)
        {
            rig.Word<long>(TestRig.Base + (8 * i)) = (long)i;
        }

        LaunchResult result = rig.Launch(Kernels.Sum, 2, 32, new SumArgs(TestRig.Base, TestRig.Base + 0x3000, 1024));
        result.ThrowIfFailed();
        Assert.Equal(1024 * 1023 / 2, rig.Word<long>(TestRig.Base + 0x3000));
        GpuCounters counters = rig.Gpu.Counters;
        Assert.Equal(1024 + 64, counters.Accesses);
        Assert.Equal(3, rig.Gpu.DmaMapper.MappedPages);
        Assert.Equal(counters.FaultsReported, rig.Faults.Count);
    }
}
