using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>Clients and channels come and go.</summary>
public sealed class ClientTests
{
    [Fact]
    public void An_address_space_is_mirrored_once()
    {
        using var d = new DriverFixture();

        Assert.Equal(Errno.EBUSY, d.Driver.TryOpen(d.Mm, out SvmClient? second));
        Assert.Null(second);
    }

    [Fact]
    public void An_instance_pointer_is_never_given_out_again_so_a_fault_left_in_the_ring_harms_no_later_channel()
    {
        using var d = new DriverFixture();
        d.Fault(0x1000, FaultAccess.Read);
        d.Driver.Part(d.Channel);
        d.Driver.Part(d.Channel);
        Channel later = d.Driver.Join(d.Client);
        d.Gpu.Fault(later.Instance, d.Map(1), FaultAccess.Read);

        d.Driver.ServiceFaults();

        Assert.Equal(d.Channel.Instance, Assert.Single(d.Gpu.Cancelled).Instance);
        Assert.Equal(1, d.Driver.Counters.PagesMapped);
    }

    [Fact]
    public void A_driver_that_has_ended_ignores_a_channel_that_parts_and_takes_no_client()
    {
        using var d = new DriverFixture();
        d.Driver.Dispose();

        d.Driver.Part(d.Channel);

        Assert.Throws<ObjectDisposedException>(() => d.Driver.Join(d.Client));
        Assert.Throws<ObjectDisposedException>(() => d.Driver.TryOpen(d.Mm, out _));
        Assert.Equal(0, d.Driver.MappedPages);
    }

    [Fact]
    public void A_fault_of_a_channel_that_has_parted_is_cancelled()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1);
        d.Fault(a, FaultAccess.Read);
        d.Driver.Part(d.Channel);

        d.Driver.ServiceFaults();

        Assert.Equal(Errno.ENXIO, Assert.Single(d.Gpu.Cancelled).Report.Error);
        Assert.Equal(0, d.Driver.Counters.PagesMapped);
    }

    [Fact]
    public void Closing_a_client_cancels_its_channels_and_frees_everything_of_it()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(4);
        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();

        d.Driver.Close(d.Client);
        d.Driver.Close(d.Client);

        Assert.Equal(Errno.ECANCELED, Assert.Single(d.Gpu.Cancelled).Report.Error);
        Assert.Equal(0, d.Gpu.Tables.Count);
        Assert.Equal(0, d.Gpu.Dma.MappedPages);
        Assert.Throws<ObjectDisposedException>(() => d.Driver.Join(d.Client));
        Assert.Equal(Errno.None, d.Mm.Unmap(a, 4 * Page.Size));
    }

    [Theory]
    [InlineData(0, 20, 3)]
    [InlineData(65537, 20, 3)]
    [InlineData(256, 0, 3)]
    [InlineData(256, 20, 0)]
    public void Options_out_of_range_are_refused(int batchSize, int maxBatches, int maxDeferrals)
    {
        var options = new SvmDriverOptions { BatchSize = batchSize, MaxBatches = maxBatches, MaxDeferrals = maxDeferrals };

        Assert.Throws<ArgumentOutOfRangeException>(() => new SvmDriver(new ScriptedGpu(), options));
    }
}
