using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>Channels join and part by the instance pointers that somebody else has given them.</summary>
public sealed class ChannelTests
{
    private static readonly InstancePointer Named = new(0x7000);

    [Fact]
    public void A_named_instance_joins_once_whoever_asks()
    {
        using var d = new DriverFixture();
        using var mm = new AddressSpace(d.Frames, new SimulatedCpu(d.Memory, 1), new AddressSpaceOptions());
        Assert.Equal(Errno.None, d.Driver.TryOpen(mm, out SvmClient? other));

        Assert.Equal(Errno.None, d.Driver.TryJoin(d.Client, Named, out Channel? channel));
        Assert.Equal(Errno.EEXIST, d.Driver.TryJoin(d.Client, Named, out Channel? again));
        Assert.Equal(Errno.EEXIST, d.Driver.TryJoin(other!, Named, out _));

        Assert.Null(again);
        Assert.Equal((d.Client, Named), (channel!.Client, channel.Instance));
        d.Driver.Part(other!, Named);
        VirtualAddress a = d.Map(1);
        d.Gpu.Fault(Named, a, FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, 0L), (d.Driver.Counters.PagesMapped, d.Driver.Counters.Cancels));
    }

    [Fact]
    public void A_named_instance_that_has_parted_may_join_another_client()
    {
        using var d = new DriverFixture();
        using var mm = new AddressSpace(d.Frames, new SimulatedCpu(d.Memory, 1), new AddressSpaceOptions());
        Assert.Equal(Errno.None, d.Driver.TryOpen(mm, out SvmClient? other));
        Assert.Equal(Errno.None, d.Driver.TryJoin(d.Client, Named, out Channel? before));

        d.Driver.Part(d.Client, Named);
        d.Driver.Part(d.Client, Named);
        Assert.Equal(Errno.None, d.Driver.TryJoin(other!, Named, out Channel? after));
        d.Driver.Part(before!);

        Assert.Equal(other, after!.Client);
        d.Gpu.Fault(Named, d.Map(1), FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal(Errno.EFAULT, Assert.Single(d.Gpu.Cancelled).Report.Error);
    }

    [Fact]
    public void The_driver_gives_out_no_instance_that_was_ever_named()
    {
        using var d = new DriverFixture();
        Assert.Equal(Errno.None, d.Driver.TryJoin(d.Client, Named, out Channel? named));
        d.Driver.Part(named!);

        Assert.Equal((0x1000UL, 0x8000UL), (d.Channel.Instance.Address, d.Driver.Join(d.Client).Instance.Address));
    }

    [Fact]
    public void An_instance_that_the_device_has_bound_already_does_not_join_and_leaves_nothing()
    {
        using var d = new DriverFixture();
        Assert.Equal(Errno.None, d.Gpu.BindInstance(Named, d.Client.Root));

        Assert.Equal(Errno.EEXIST, d.Driver.TryJoin(d.Client, Named, out _));

        d.Gpu.UnbindInstance(Named);
        Assert.Equal(Errno.None, d.Driver.TryJoin(d.Client, Named, out _));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(0x1800UL)]
    public void What_is_no_address_of_an_instance_is_refused(ulong address)
    {
        using var d = new DriverFixture();

        Assert.Throws<ArgumentException>(() => d.Driver.TryJoin(d.Client, new InstancePointer(address), out _));
    }

    [Fact]
    public void A_channel_that_is_cancelled_loses_its_faults_and_all_others_report_themselves_again()
    {
        using var d = new DriverFixture();
        Channel other = d.Driver.Join(d.Client);
        VirtualAddress a = d.Map(2);
        d.Fault(a, FaultAccess.Write);
        d.Gpu.Fault(other.Instance, a + Page.Size, FaultAccess.Write);
        d.Gpu.OnReplay = () =>
        {
            d.Gpu.OnReplay = null;
            d.Gpu.Fault(other.Instance, a + Page.Size, FaultAccess.Write);
        };
        var report = new GpuFaultReport(a, FaultAccess.Write, "the user has asked for it", Errno.ECANCELED);

        d.Driver.Cancel(d.Channel, report);
        d.Driver.ServiceFaults();

        Assert.Equal((d.Channel.Instance, report), Assert.Single(d.Gpu.Cancelled));
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((2L, 1L, 1L, 2L, 0L), (c.FlushedEntries, c.Fetched, c.PagesMapped, c.Replays, c.Cancels));
        d.Driver.Part(d.Channel);
        d.Driver.Cancel(d.Channel, report);
        Assert.Single(d.Gpu.Cancelled);
    }
}
