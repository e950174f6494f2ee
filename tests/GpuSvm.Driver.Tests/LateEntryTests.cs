using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>An entry may become valid after PUT has passed it: it is waited for, within a bound.</summary>
public sealed class LateEntryTests
{
    [Fact]
    public void An_entry_that_becomes_valid_late_is_waited_for_and_served()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1);
        d.Gpu.Ring.LateBy = 5;
        d.Fault(a, FaultAccess.Write);

        d.Driver.ServiceFaults();

        Assert.Equal(1, d.Driver.Counters.PagesMapped);
        Assert.Equal(0, d.Driver.Counters.LateEntries);
    }

    [Fact]
    public void A_batch_ends_before_an_entry_that_is_not_valid_yet()
    {
        using var d = new DriverFixture(new SvmDriverOptions { ReplayPolicy = ReplayPolicy.Batch });
        VirtualAddress a = d.Map(2);
        d.Fault(a, FaultAccess.Write);
        d.Gpu.Ring.LateBy = 1;
        d.Fault(a + 4096L, FaultAccess.Write);

        d.Driver.ServiceFaults();

        Assert.Equal(["replay, get 1", "replay, get 2"], d.Gpu.Journal);
    }

    [Fact]
    public void A_batch_that_several_take_in_parts_waits_for_entries_in_its_midst()
    {
        using var d = new DriverFixture(new SvmDriverOptions { Workers = 2, FaultsPerHelper = 1, ReplayPolicy = ReplayPolicy.Batch });
        VirtualAddress a = d.MapBlocks(1);
        for (int page = 0; page < 40; page++)
        {
            d.Gpu.Ring.LateBy = page is 7 or 8 or 39 ? 3 : 0;
            d.Fault(a + ((ulong)page * Page.Size), FaultAccess.Write);
        }

        d.Driver.ServiceFaults();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((40L, 40L, 0L, 1L, 1L), (c.Fetched, c.PagesMapped, c.LateEntries, c.Batches, c.GetWrites));
    }

    [Fact]
    public void Of_a_batch_in_parts_what_never_becomes_valid_is_passed_over_and_the_others_close_up()
    {
        using var d = new DriverFixture(
            new SvmDriverOptions { Workers = 2, FaultsPerHelper = 1, ReplayPolicy = ReplayPolicy.Batch, Timeout = TimeSpan.Zero });
        VirtualAddress a = d.MapBlocks(1);
        for (int page = 0; page < 40; page++)
        {
            d.Gpu.Ring.LateBy = page is 5 or 22 ? -1 : 0;
            d.Fault(a + ((ulong)page * Page.Size), page % 2 == 0 ? FaultAccess.Write : FaultAccess.Prefetch);
        }

        d.Driver.ServiceFaults();

        Assert.Equal((38L, 2L, 1L), (d.Driver.Counters.Fetched, d.Driver.Counters.LateEntries, d.Driver.Counters.Batches));
        Assert.Equal(d.Gpu.Ring.Put, d.Gpu.Ring.Get);
    }

    [Fact]
    public void An_entry_that_never_becomes_valid_is_passed_over_at_the_bound_and_a_replay_asks_again()
    {
        using var d = new DriverFixture(new SvmDriverOptions { Timeout = TimeSpan.Zero });
        d.Gpu.Ring.LateBy = -1;
        d.Fault(d.Map(1), FaultAccess.Write);

        d.Driver.ServiceFaults();

        Assert.Equal(1, d.Driver.Counters.LateEntries);
        Assert.Equal(1, d.Gpu.Replays);
        Assert.Equal(d.Gpu.Ring.Put, d.Gpu.Ring.Get);
    }

    [Fact]
    public void An_entry_that_was_passed_over_is_asked_for_again_though_nothing_else_in_its_batch_needs_a_replay()
    {
        using var d = new DriverFixture(new SvmDriverOptions { Timeout = TimeSpan.Zero });
        VirtualAddress a = d.Map(2);
        d.Gpu.Ring.LateBy = -1;
        d.Fault(a, FaultAccess.Write);
        d.Gpu.Ring.LateBy = 0;
        d.Fault(a + 4096L, FaultAccess.Prefetch);

        d.Driver.ServiceFaults();

        Assert.Equal((1, 1), (d.Driver.Counters.LateEntries, d.Driver.Counters.PrefetchesDropped));
        Assert.Equal(["replay, get 2"], d.Gpu.Journal);
    }
}
