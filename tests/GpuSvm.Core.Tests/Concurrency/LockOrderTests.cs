namespace GpuSvm.Core.Tests.Concurrency;

public sealed class LockOrderTests
{
    private readonly RankedLock _block = new(LockRank.Block);
    private readonly RankedLock _page = new(LockRank.Page);
    private readonly RankedLock _otherPage = new(LockRank.Page);
    private readonly RankedSharedLock _mmap = new(LockRank.Mmap);

    [Fact]
    public void Locks_are_taken_in_rising_rank()
    {
        using (_block.Enter())
        using (_mmap.EnterShared())
        using (_page.Enter())
        {
            Assert.Equal(3, HeldLocks.Count);
        }

        Assert.Equal(0, HeldLocks.Count);
    }

    [Fact]
    public void A_lower_rank_after_a_higher_one_is_caught()
    {
        using (_page.Enter())
        {
            Broken(() => _block.Enter().Dispose(), "rank Block is taken while one of rank Page");
            Broken(() => _mmap.EnterShared().Dispose(), "rank Mmap");
            Broken(() => _mmap.EnterExclusive().Dispose(), "rank Mmap");
        }

        Assert.Equal(0, HeldLocks.Count);
        Assert.False(_block.IsHeldByCurrentThread || _mmap.IsHeldByCurrentThread);
    }

    [Fact]
    public void Equal_ranks_and_recursion_are_caught()
    {
        using (_page.Enter())
        {
            Broken(() => _otherPage.Enter().Dispose(), "ranks must rise");
            Broken(() => _page.Enter().Dispose(), "taken twice by one thread");
        }

        using (_mmap.EnterShared())
        {
            Broken(() => _mmap.EnterShared().Dispose(), "taken twice by one thread");
            Broken(() => _mmap.EnterExclusive().Dispose(), "taken twice by one thread");
        }
    }

    [Fact]
    public void A_trylock_may_take_any_rank_and_still_counts_for_what_follows()
    {
        using (_page.Enter())
        {
            Assert.True(_otherPage.TryEnter(out RankedLock.Scope second));
            Assert.True(_block.TryEnter(out RankedLock.Scope lower));
            Assert.Equal(3, HeldLocks.Count);
            lower.Dispose();
            second.Dispose();
        }

        Assert.True(_page.TryEnter(out RankedLock.Scope tried));
        Broken(() => _block.Enter().Dispose(), "rank Block is taken while one of rank Page");
        tried.Dispose();
        Assert.Equal(0, HeldLocks.Count);
    }

    [Fact]
    public void Locks_may_be_released_in_any_order()
    {
        RankedLock.Scope outer = _block.Enter();
        RankedLock.Scope inner = _page.Enter();
        outer.Dispose();
        Assert.Equal(1, HeldLocks.Count);
        Broken(() => _block.Enter().Dispose(), "ranks must rise");
        inner.Dispose();
        Assert.Equal(0, HeldLocks.Count);
    }

    [Fact]
    public void A_thread_that_holds_too_high_a_rank_may_not_wait()
    {
        using (_mmap.EnterShared())
        {
            HeldLocks.AssertNoneAtOrAbove(LockRank.Page, "Waiting for readers");
            Broken(() => HeldLocks.AssertNoneAtOrAbove(LockRank.Mmap, "Waiting for readers"), "Waiting for readers while holding");
        }

        HeldLocks.AssertNoneAtOrAbove(LockRank.Machine, "Anything");
    }

    [Fact]
    public void A_release_by_a_stranger_is_caught()
    {
        using (_page.Enter())
        {
            SvmThread stranger = SvmThread.Start("stranger", _page.Release);
            Exception? failure = Assert.Throws<AggregateException>(stranger.Join).InnerException;
            Assert.Contains("does not hold it", Assert.IsType<InvariantException>(failure).Message, StringComparison.Ordinal);
            Assert.True(_page.IsHeldByCurrentThread);
        }

        Broken(_page.Release, "does not hold it");
    }

    [Fact]
    public void Held_locks_are_those_of_the_calling_thread()
    {
        using (_page.Enter())
        {
            int elsewhere = -1;
            SvmThread.Start("other", () =>
            {
                elsewhere = HeldLocks.Count;
                _block.Enter().Dispose();
            }).Join();
            Assert.Equal(0, elsewhere);
        }
    }

    [Fact]
    public void The_ranks_rise_as_the_design_orders_them()
    {
        LockRank[] design =
        [
            LockRank.DriverSvm, LockRank.Block, LockRank.Mmap, LockRank.Page, LockRank.ReverseMap, LockRank.CpuPageTable,
            LockRank.MemoryObject, LockRank.FrameAllocator, LockRank.Update, LockRank.GpuAddressSpace, LockRank.PageTableReferences, LockRank.Device,
            LockRank.Telemetry,
        ];
        Assert.Equal(design.Order(), design);
    }

    private static void Broken(Action action, string message) =>
        Assert.Contains(message, Assert.Throws<InvariantException>(action).Message, StringComparison.Ordinal);
}
