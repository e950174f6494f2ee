using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>A device that stops answering is given up within bounds, and everybody hears of it.</summary>
public sealed class LostDeviceTests
{
    [Fact]
    public void Registers_that_read_as_all_ones_end_the_service()
    {
        using var d = new DriverFixture();
        d.Fault(d.Map(1), FaultAccess.Write);
        d.Gpu.Ring.IsUnplugged = true;

        d.Driver.ServiceFaults();

        DemandLost(d);
        Assert.Equal((0L, 0), (d.Driver.Counters.Fetched, d.Gpu.Ring.GetWrites));
    }

    [Fact]
    public void A_device_that_does_not_wake_up_is_lost_and_its_channels_are_cancelled_at_once()
    {
        using var d = new DriverFixture();
        d.Driver.Suspend();
        d.Gpu.Ring.IsUnplugged = true;

        d.Driver.Resume();

        DemandLost(d);
        d.Driver.Resume();
        d.Gpu.Ring.IsUnplugged = false;
        Assert.Equal(DriverStatus.Lost, d.Driver.Status);
    }

    [Fact]
    public void A_GET_that_does_not_move_ends_the_service()
    {
        using var d = new DriverFixture();
        d.Fault(d.Map(1), FaultAccess.Write);
        d.Gpu.Ring.IsStuck = true;

        d.Driver.ServiceFaults();

        DemandLost(d);
        Assert.Equal((1L, 1), (d.Driver.Counters.Fetched, d.Gpu.Ring.GetWrites));
    }

    [Fact]
    public void Entries_that_never_become_valid_however_often_they_are_asked_for_again_end_the_service()
    {
        using var d = new DriverFixture(new SvmDriverOptions { Timeout = TimeSpan.Zero, MaxLateEntries = 3 });
        VirtualAddress a = d.Map(1);
        d.Gpu.Ring.LateBy = -1;
        d.Gpu.OnReplay = () => d.Fault(a, FaultAccess.Write);
        d.Fault(a, FaultAccess.Write);

        d.Driver.ServiceFaults();

        DemandLost(d);
        Assert.Equal((0L, 4L), (d.Driver.Counters.Fetched, d.Driver.Counters.LateEntries));
    }

    [Fact]
    public void Late_entries_count_only_in_a_row()
    {
        using var d = new DriverFixture(new SvmDriverOptions { Timeout = TimeSpan.Zero, MaxLateEntries = 2 });
        VirtualAddress a = d.Map(1);
        for (int i = 0; i < 6; i++)
        {
            d.Gpu.Ring.LateBy = i % 3 == 2 ? 0 : -1;
            d.Fault(a, FaultAccess.Write);
            d.Driver.ServiceFaults();
        }

        Assert.Equal((DriverStatus.Running, 4L, 2L), (d.Driver.Status, d.Driver.Counters.LateEntries, d.Driver.Counters.Fetched));
    }

    [Fact]
    public void A_device_that_says_that_it_is_lost_is_believed_and_stays_lost()
    {
        using var d = new DriverFixture();
        d.Fault(d.Map(1), FaultAccess.Write);
        d.Gpu.IsLost = true;
        d.Driver.Suspend();
        d.Driver.Resume();

        d.Driver.ServiceFaults();

        DemandLost(d);
    }

    [Fact]
    public async Task Kernels_of_a_GPU_that_falls_off_its_bus_end_with_EIO_and_so_do_later_ones()
    {
        using var m = new DeviceFixture(ExecutionMode.Parallel);
        m.Driver.Suspend();
        Task<LaunchResult> waiting = m.LaunchAsync(m.Channel, m.Map(1), pages: 1);

        m.Gpu.StopAnswering();
        LaunchResult ended = await waiting;
        LaunchResult later = await m.LaunchAsync(m.Channel, m.Map(1), pages: 1);

        Assert.Equal((Errno.EIO, Errno.EIO), (ended.Fault!.Error, later.Fault!.Error));
        Assert.Equal((DriverStatus.Lost, Errno.EIO), (m.Driver.Status, m.Driver.TryJoin(m.Client, new InstancePointer(0x9000), out _)));
    }

    private static void DemandLost(DriverFixture d)
    {
        Assert.Equal(DriverStatus.Lost, d.Driver.Status);
        Assert.Equal((d.Channel.Instance, Errno.EIO), Assert.Single(d.Gpu.Cancelled.Select(one => (one.Instance, one.Report.Error)).Distinct()));
        Assert.Equal(Errno.EIO, d.Driver.TryJoin(d.Client, new InstancePointer(0x9000), out _));
        Assert.Equal(Errno.EIO, d.Driver.TryOpen(d.Mm, out _));
        Assert.Equal(0, d.Driver.Counters.PagesMapped - d.Driver.MappedPages);
    }
}
