using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>A client ends while its faults, and those of others, are on their way.</summary>
public sealed class CloseTests
{
    [Fact]
    public void Closing_throws_away_what_the_ring_holds_and_the_others_report_themselves_again()
    {
        using var d = new DriverFixture();
        using var mm = new AddressSpace(d.Frames, new SimulatedCpu(d.Memory, 1), new AddressSpaceOptions { Seed = 4 });
        Assert.Equal(Errno.None, d.Driver.TryOpen(mm, out SvmClient? ending));
        InstancePointer leaving = d.Driver.Join(ending!).Instance;
        VirtualAddress a = d.Map(2);
        d.Gpu.Fault(leaving, a, FaultAccess.Read);
        d.Fault(a, FaultAccess.Write);
        d.Gpu.Fault(leaving, a, FaultAccess.Write);
        d.Fault(a + Page.Size, FaultAccess.Write);
        d.Gpu.OnReplay = () =>
        {
            d.Gpu.OnReplay = null;
            d.Fault(a, FaultAccess.Write);
            d.Fault(a + Page.Size, FaultAccess.Write);
        };

        d.Driver.Close(ending!);
        Assert.Equal([$"cancel {leaving}", "replay, get 4"], d.Gpu.Journal.Where(line => !line.StartsWith("invalidate", StringComparison.Ordinal)));
        d.Driver.ServiceFaults();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((4L, 1L, 2L, 2L, 0L, 2L), (c.FlushedEntries, c.Flushes, c.Fetched, c.PagesMapped, c.Cancels, c.Replays));
        Assert.Equal((leaving, Errno.ECANCELED), Assert.Single(d.Gpu.Cancelled.Select(cancel => (cancel.Instance, cancel.Report.Error))));
    }

    [Fact]
    public void Closing_with_an_empty_ring_replays_nothing()
    {
        using var d = new DriverFixture();

        d.Driver.Close(d.Client);

        Assert.Equal((0, 0), (d.Gpu.Replays, d.Gpu.Ring.GetWrites));
    }

    [Fact]
    public void A_process_that_exits_with_faults_in_the_ring_has_them_cancelled_and_leaves_nothing_mapped()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(3);
        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();
        d.Fault(a + Page.Size, FaultAccess.Write);
        d.Fault(a + Page.Size, FaultAccess.Read);
        d.Fault(a + (2 * Page.Size), FaultAccess.Prefetch);

        d.Mm.Exit();
        Assert.Equal((0L, 0L), (d.Driver.MappedPages, d.Gpu.Dma.MappedPages));
        d.Driver.ServiceFaults();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((4L, 1L, 2L, 1L, 0L), (c.Fetched, c.PagesMapped, c.Cancels, c.PrefetchesDropped, d.Frames.AllocatedFrames));
        Assert.All(d.Gpu.Cancelled, cancel => Assert.Equal(Errno.EFAULT, cancel.Report.Error));
        Assert.Equal(d.Gpu.Ring.Put, d.Gpu.Ring.Get);
    }

    [Fact]
    public void A_driver_that_starts_on_a_ring_that_is_not_empty_serves_what_it_holds()
    {
        var gpu = new ScriptedGpu();
        gpu.Fault(new InstancePointer(0x1000), 0x1000, FaultAccess.Read);

        using var driver = new SvmDriver(gpu, new SvmDriverOptions { Servicing = FaultServicing.InInterrupt });

        Assert.Equal((1L, 1L), (driver.Counters.Fetched, driver.Counters.Cancels));
        Assert.Equal(Errno.ENXIO, Assert.Single(gpu.Cancelled).Report.Error);
    }
}
