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
