using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>A driver is suspended and resumed with faults in flight.</summary>
public sealed class SuspendTests
{
    [Fact]
    public void A_suspended_driver_serves_nothing_and_touches_nothing_until_it_is_resumed()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(4);
        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();

        d.Driver.Suspend();
        Assert.Equal((DriverStatus.Suspended, 0L, 0L), (d.Driver.Status, d.Driver.MappedPages, d.Gpu.Dma.MappedPages));
        Assert.Null(d.Gpu.Interrupt);
        d.Gpu.Journal.Clear();
        d.Fault(a, FaultAccess.Read);
        d.Fault(a + Page.Size, FaultAccess.Write);
        d.Fault(a + (2 * Page.Size), FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal(Errno.None, d.Mm.Unmap(a + (2 * Page.Size), Page.Size));
        Assert.Equal(new MigrationResult(1, Errno.None), d.Driver.Migrate(d.Client, AddressRange.PageAt(a)));
        Assert.Empty(d.Gpu.Journal);
        Assert.Equal((1, 1L), (d.Gpu.Ring.GetWrites, d.Driver.Counters.Fetched));

        d.Driver.Resume();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((DriverStatus.Running, 4L, 3L, 1L, 2L), (d.Driver.Status, c.Fetched, c.PagesMapped, c.Cancels, c.Replays));
        Assert.NotNull(d.Gpu.Interrupt);
        Assert.Equal(2, d.Driver.MappedPages);
    }

    [Fact]
    public void Nothing_comes_while_the_driver_is_suspended_but_what_is_there_may_go()
    {
        using var d = new DriverFixture();
        using var mm = new AddressSpace(d.Frames, new SimulatedCpu(d.Memory, 1), new AddressSpaceOptions());
        Assert.Equal(Errno.None, d.Driver.TryOpen(mm, out SvmClient? other));
        d.Driver.Suspend();
        d.Fault(d.Map(1), FaultAccess.Read);

        Assert.Equal(Errno.EBUSY, d.Driver.TryJoin(d.Client, new InstancePointer(0x7000), out _));
        Assert.Equal(Errno.EBUSY, Assert.Throws<SvmException>(() => d.Driver.Join(d.Client)).Error);
        Assert.Equal(Errno.EBUSY, d.Driver.TryOpen(d.Mm, out _));
        d.Driver.Part(d.Channel);
        d.Driver.Close(other!);
        Assert.Equal((0, 0), (d.Gpu.Ring.GetWrites, d.Gpu.Replays));

        d.Driver.Resume();

        // The channel has parted: its fault finds nobody.
        Assert.Equal(Errno.ENXIO, Assert.Single(d.Gpu.Cancelled).Report.Error);
        d.Driver.Join(d.Client);
    }

    [Fact]
    public void Suspending_and_resuming_twice_is_as_once()
    {
        using var d = new DriverFixture();
        d.Driver.Resume();
        d.Driver.Suspend();
        d.Driver.Suspend();
        d.Fault(d.Map(1), FaultAccess.Write);

        d.Driver.Resume();
        d.Driver.Resume();

        Assert.Equal((1L, 1L, 1), (d.Driver.Counters.Fetched, d.Driver.Counters.PagesMapped, d.Gpu.Replays));
    }

    [Fact]
    public void GET_is_read_anew_on_resume()
    {
        using var d = new DriverFixture();
        d.Driver.Suspend();
        d.Fault(d.Map(1), FaultAccess.Write);
        d.Gpu.Ring.MarkInvalid(0);
        d.Gpu.Ring.WriteGet(1);

        d.Driver.Resume();
        d.Fault(d.Map(1), FaultAccess.Write);
        d.Driver.ServiceFaults();

        Assert.Equal((1L, 0L, 2), (d.Driver.Counters.Fetched, d.Driver.Counters.LateEntries, d.Gpu.Ring.Get));
    }

    [Fact]
    public void A_suspended_driver_ends_and_its_faults_with_it()
    {
        using var d = new DriverFixture();
        d.Driver.Suspend();
        d.Fault(d.Map(1), FaultAccess.Write);

        d.Driver.Dispose();
        d.Driver.Resume();

        Assert.Equal((DriverStatus.Ended, 0L), (d.Driver.Status, d.Driver.Counters.Fetched));
        Assert.Null(d.Gpu.Interrupt);
    }
}
