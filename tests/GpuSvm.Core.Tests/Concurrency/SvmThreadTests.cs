namespace GpuSvm.Core.Tests.Concurrency;

public class SvmThreadTests
{
    [Fact]
    public void Runs_its_body_on_a_thread_of_its_own()
    {
        int id = 0;
        bool isCurrent = false;
        SvmThread? thread = null;
        var ready = new WakeEvent();
        thread = SvmThread.Start("worker", () =>
        {
            ready.Wait();
            id = SvmThread.CurrentId;
            isCurrent = thread!.IsCurrent;
        });
        ready.Set();
        thread.Join();

        Assert.NotEqual(SvmThread.CurrentId, id);
        Assert.NotEqual(0, id);
        Assert.True(isCurrent);
        Assert.False(thread.IsCurrent);
    }

    [Fact]
    public void A_failure_comes_out_of_Join()
    {
        SvmThread thread = SvmThread.Start("worker", () => throw new InvalidOperationException("broken"));

        var failure = Assert.Throws<AggregateException>(thread.Join);
        Assert.Contains("'worker'", failure.Message, StringComparison.Ordinal);
        Assert.Equal("broken", failure.InnerException?.Message);
    }

    [Fact]
    public void A_thread_that_ends_with_a_lock_held_is_caught()
    {
        var guard = new RankedLock(LockRank.Page);
        SvmThread thread = SvmThread.Start("worker", guard.Acquire);

        Assert.IsType<InvariantException>(Assert.Throws<AggregateException>(thread.Join).InnerException);
    }
}
