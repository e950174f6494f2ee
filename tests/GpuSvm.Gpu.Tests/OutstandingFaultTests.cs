namespace GpuSvm.Gpu.Tests;

/// <summary>A uTLB keeps a number of faults outstanding; what comes after waits for a replay.</summary>
public sealed class OutstandingFaultTests
{
    private const int Lanes = 128;

    [Theory]
    [InlineData(1)]
    [InlineData(56)]
    [InlineData(127)]
    [InlineData(128)]
    public void No_more_faults_stand_in_the_ring_than_the_uTLB_keeps_outstanding(int limit)
    {
        List<int> inRing = [];
        using var rig = new TestRig(new SoftwareGpuOptions { Sms = 1, OutstandingFaults = limit, FaultBufferEntries = 512 });
        rig.Back(Lanes);
        rig.Gpu.SetFaultInterrupt(() =>
        {
            inRing.Add(rig.Gpu.FaultBuffer.Put - rig.Gpu.FaultBuffer.Get);
            rig.Service();
        });

        rig.Launch(Kernels.LoadPages, 1, Lanes, TestRig.Base).ThrowIfFailed();

        Assert.Equal(limit, inRing[0]);
        Assert.Equal((Lanes + limit - 1) / limit, rig.Interrupts);
        Assert.Equal(Lanes, rig.Gpu.Counters.FaultsReported);
    }

    [Fact]
    public void An_SM_reports_a_few_faults_a_turn_so_that_those_of_all_SMs_share_the_ring()
    {
        using var rig = new TestRig(new SoftwareGpuOptions
        {
            Sms = 4,
            WarpsPerSm = 4,
            StepsPerTurn = 20,
            FaultsPerTurn = 5,
            OutstandingFaults = 128,
            FaultBufferEntries = 21,
        });
        rig.Back(4 * Lanes);

        rig.Launch(Kernels.LoadPages, 4, Lanes, TestRig.Base).ThrowIfFailed();

        // The ring holds 20 entries: a turn of each of the four.
        Assert.Equal(4, rig.Faults.Take(20).GroupBy(fault => fault.Client).Count(group => group.Count() == 5));
    }

    [Theory]
    [InlineData(0, 5, 5)]
    [InlineData(5, 0, 5)]
    [InlineData(5, 5, 0)]
    [InlineData(65537, 5, 5)]
    [InlineData(5, 65537, 5)]
    [InlineData(5, 5, 65537)]
    public void Numbers_out_of_range_are_refused(int steps, int faults, int outstanding)
    {
        using var memory = new SystemMemory(16);
        var options = new SoftwareGpuOptions { StepsPerTurn = steps, FaultsPerTurn = faults, OutstandingFaults = outstanding };
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => new SoftwareGpu(memory, options));
        Assert.Contains("must be 1 to 65536", error.Message, StringComparison.Ordinal);
    }
}
