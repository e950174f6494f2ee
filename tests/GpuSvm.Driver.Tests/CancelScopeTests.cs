using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>How much is cancelled with a fault that cannot be served.</summary>
public sealed class CancelScopeTests
{
    private const ulong Nowhere = 0x1000;

    [Theory]
    [InlineData(CancelScope.Unit, 1)]
    [InlineData(CancelScope.Channel, 0)]
    public void A_channel_that_is_cancelled_as_a_whole_loses_its_faults_in_batch_and_ring_and_the_others_are_served(CancelScope scope, int units)
    {
        using var d = new DriverFixture(new SvmDriverOptions { CancelScope = scope, BatchSize = 6, ReplayPolicy = ReplayPolicy.Once });
        Channel other = d.Driver.Join(d.Client);
        VirtualAddress a = d.Map(4);
        d.Fault(Nowhere, FaultAccess.Write);
        d.Fault(Nowhere, FaultAccess.Write);
        d.Fault(Nowhere, FaultAccess.Read);
        d.Fault(a, FaultAccess.Read);
        d.Gpu.Fault(other.Instance, a + Page.Size, FaultAccess.Write);
        d.Fault(a + Page.Size, FaultAccess.Write);

        // Behind the batch: these are thrown away with the ring, and the one that waits still says so again.
        d.Fault(a + (2 * Page.Size), FaultAccess.Write);
        d.Gpu.Fault(other.Instance, a + (3 * Page.Size), FaultAccess.Write);
        d.Gpu.OnReplay = () =>
        {
            d.Gpu.OnReplay = null;
            d.Gpu.Fault(other.Instance, a + (3 * Page.Size), FaultAccess.Write);
        };

        d.Driver.ServiceFaults();

        (InstancePointer instance, GpuFaultReport report) = Assert.Single(d.Gpu.Cancelled);
        Assert.Equal((d.Channel.Instance, (VirtualAddress)Nowhere, FaultAccess.Write, Errno.EFAULT), (instance, report.Address, report.Access, report.Error));
        Assert.Equal(units == 0 ? [] : [new CancelTarget(instance, false, 0, 0)], d.Gpu.CancelledUnits);
        DriverCounters c = d.Driver.Counters;

        // Both channels are of one client: a store of each to the same page is one fault, and a duplicate.
        Assert.Equal((7L, 3L, 2L, 1L), (c.Fetched, c.Duplicates, c.PagesMapped, c.Cancels));
        Assert.Equal((2L, 2L, 2L), (c.DroppedWithChannel, c.FlushedEntries, c.Replays));
    }

    [Fact]
    public void A_page_of_the_same_block_is_not_mapped_for_a_channel_that_is_cancelled_as_a_whole()
    {
        using var d = new DriverFixture(new SvmDriverOptions { CancelScope = CancelScope.Channel });
        VirtualAddress a = d.MapBlocks(1);
        Assert.Equal(Errno.None, d.Mm.Protect(a, Page.Size, Protection.Read));
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + Page.Size, FaultAccess.Write);
        d.Fault(a + (9 * Page.Size), FaultAccess.Write);

        d.Driver.ServiceFaults();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((3L, 0L, 1L, 2L), (c.Fetched, c.PagesMapped, c.Cancels, c.DroppedWithChannel));
        Assert.Equal(0, d.Driver.MappedPages);
    }

    [Fact]
    public void A_fault_that_is_cancelled_by_itself_leaves_the_other_faults_of_its_channel_to_be_served()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1, Protection.Read);
        d.Fault(a, FaultAccess.Write);
        d.Fault(a, FaultAccess.Read);
        d.Fault(Nowhere, FaultAccess.Read);

        d.Driver.ServiceFaults();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((3L, 1L, 2L, 0L, 1L), (c.Fetched, c.PagesMapped, c.Cancels, c.DroppedWithChannel, c.Replays));
    }

    [Theory]
    [InlineData(CancelScope.Fault)]
    [InlineData(CancelScope.Unit)]
    [InlineData(CancelScope.Channel)]
    public async Task One_of_four_channels_dies_with_its_report_and_the_others_run_to_their_ends(CancelScope scope)
    {
        using var m = new DeviceFixture(ExecutionMode.Parallel, new SvmDriverOptions { CancelScope = scope });
        VirtualAddress a = m.Map(8);
        Channel[] channels = [.. Enumerable.Range(0, 4).Select(_ => m.Driver.Join(m.Client))];

        LaunchResult[] results = await Task.WhenAll(
            channels.Select((channel, i) => i == 2 ? m.LaunchAsync(channel, Nowhere, 2) : m.LaunchAsync(channel, a, 8)));

        GpuFaultReport report = results[2].Fault!;
        Assert.Equal((FaultAccess.Read, Errno.EFAULT), (report.Access, report.Error));
        Assert.Contains(report.Address.Value, (ulong[])[Nowhere, Nowhere + Page.Size]);
        Assert.All((int[])[0, 1, 3], i => results[i].ThrowIfFailed());

        // The channel is good for another launch.
        (await m.LaunchAsync(channels[2], a, 8)).ThrowIfFailed();
    }

    [Fact]
    public void A_scope_that_there_is_not_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SvmDriver(new ScriptedGpu(), new SvmDriverOptions { CancelScope = (CancelScope)3 }));
}
