namespace GpuSvm.Core.Tests.Concurrency;

public sealed class RankedSharedLockTests
{
    private readonly RankedSharedLock _lock = new(LockRank.Mmap);

    [Fact]
    public void A_lock_that_is_free_or_shared_is_shared_at_once()
    {
        Assert.True(Try());
        using (_lock.EnterShared())
        {
            Assert.True(Elsewhere());
        }

        Assert.Equal((false, 0), (_lock.IsHeldByCurrentThread, HeldLocks.Count));
    }

    [Fact]
    public void A_lock_that_another_thread_has_alone_is_not_waited_for()
    {
        using (_lock.EnterExclusive())
        {
            Assert.False(Elsewhere());
        }

        Assert.True(Elsewhere());
    }

    [Fact]
    public void A_lock_that_the_thread_holds_itself_is_refused_and_kept()
    {
        using (_lock.EnterShared())
        {
            Assert.False(Try());
            Assert.Equal((true, 1), (_lock.IsHeldByCurrentThread, HeldLocks.Count));
        }
    }

    private bool Elsewhere()
    {
        bool got = false;
        SvmThread.Start("other", () => got = Try()).Join();
        return got;
    }

    private bool Try()
    {
        bool got = _lock.TryEnterShared(out RankedSharedLock.SharedScope scope);
        using (scope)
        {
            Assert.True(!got || _lock.IsHeldByCurrentThread);
        }

        return got;
    }
}
