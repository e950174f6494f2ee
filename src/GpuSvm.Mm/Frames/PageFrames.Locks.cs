namespace GpuSvm.Mm;

/// <content>Page locks. All frames of a huge page have one.</content>
/// <remarks>
/// A huge page that is split while it is locked leaves its lock to its first page; but to each of them when its entry is a migration entry:
/// then the holder is who moves it, and has a reference of each. Whoever else holds such a lock has the mmap lock of the one address space
/// that maps the page: it is split with that lock held exclusively, or by the holder of the page lock.
/// </remarks>
public sealed partial class PageFrames
{
    /// <summary>Waits for a frame's page lock and takes it. Rank <see cref="LockRank.Page"/>: no other page lock may be held.</summary>
    public void Lock(FrameNumber frame)
    {
        ref FrameState state = ref OwnStateOf(frame);
        if (!HasFlags(ref state, FrameFlags.Huge | FrameFlags.Tail))
        {
            _locks.Lock(ref state.Lock, frame);
            return;
        }

        SchedulePoint.Reach(SchedulePointKind.Lock);
        if (Checks.Enabled)
        {
            HeldLocks.Acquire(this, LockRank.Page);
        }

        while (!TryTakeHuge(frame))
        {
            _locks.AwaitUnlock(ref StateOf(frame).Lock, PageOf(frame), Clock.Monotonic.After(TimeSpan.MaxValue));
        }
    }

    /// <summary>Takes a frame's page lock if it is free; allowed while another page lock is held.</summary>
    public bool TryLock(FrameNumber frame)
    {
        bool taken = TryLockForMigration(frame);
        if (taken && Checks.Enabled)
        {
            HeldLocks.AcquireTried(this, LockRank.Page);
        }

        return taken;
    }

    /// <summary>Releases a frame's page lock; by the thread that took it.</summary>
    public void Unlock(FrameNumber frame)
    {
        if (Checks.Enabled)
        {
            HeldLocks.Release(this);
        }

        UnlockMigrated(frame);
    }

    /// <summary>True if some thread holds the frame's page lock.</summary>
    public bool IsLocked(FrameNumber frame) => PageLocks.IsLocked(ref StateOf(frame).Lock);

    /// <summary>Takes a page lock if it is free; the caller accounts for all of its own as one lock.</summary>
    internal bool TryLockForMigration(FrameNumber frame) => TryLockForMigration(frame, ref OwnStateOf(frame));

    /// <summary>As <see cref="TryLockForMigration(FrameNumber)"/>.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="state">Its own state.</param>
    internal bool TryLockForMigration(FrameNumber frame, ref FrameState state) =>
        HasFlags(ref state, FrameFlags.Huge | FrameFlags.Tail) ? TryTakeHuge(frame) : PageLocks.TryTake(ref state.Lock);

    /// <summary>Releases a page lock that <see cref="TryLockForMigration(FrameNumber)"/> took: of the page that the frame is now.</summary>
    internal void UnlockMigrated(FrameNumber frame) => UnlockMigrated(frame, ref OwnStateOf(frame));

    /// <summary>As <see cref="UnlockMigrated(FrameNumber)"/>.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="state">Its own state.</param>
    internal void UnlockMigrated(FrameNumber frame, ref FrameState state)
    {
        if (!HasFlags(ref state, FrameFlags.Huge | FrameFlags.Tail))
        {
            _locks.Give(ref state.Lock, frame);
            return;
        }

        bool isAwaited;
        using (_lock.Enter())
        {
            // Not between a split's look at this lock and the copies that it makes.
            isAwaited = PageLocks.Open(ref StateOf(frame).Lock);
        }

        if (isAwaited)
        {
            _locks.Wake(PageOf(frame));
        }
    }

    /// <summary>As <see cref="TryLockForMigration(FrameNumber)"/>, if the page is huge.</summary>
    internal bool TryLockHuge(FrameNumber head)
    {
        using (_lock.Enter())
        {
            ref FrameState state = ref OwnStateOf(head);
            return HasFlags(ref state, FrameFlags.Huge) && PageLocks.TryTake(ref state.Lock);
        }
    }

    /// <summary>Waits until a frame's page lock is released, or the deadline; may return before, so the caller looks again.</summary>
    /// <remarks>Adds no reference, which a migration would take for a pin. No lock from the page locks on may be held.</remarks>
    internal void AwaitUnlock(FrameNumber frame, Deadline deadline)
    {
        HeldLocks.AssertNoneAtOrAbove(LockRank.Page, "A page lock is waited for");
        if (!IsDevicePrivate(frame) || Breaks.RemovedDeviceLookedUp)
        {
            _locks.AwaitUnlock(ref StateOf(frame).Lock, PageOf(frame), deadline);
        }
        else if (PrivateOf(frame) is { } pagemap)
        {
            // The page may leave the device at any moment, and then the device its frames, whose states stay readable.
            FrameNumber page = HasFlags(ref pagemap.StateOf(frame), FrameFlags.Tail) ? HugePage.HeadOf(frame) : frame;
            _locks.AwaitUnlock(ref pagemap.StateOf(page).Lock, page, deadline);
        }
    }

    private bool TryTakeHuge(FrameNumber frame)
    {
        using (_lock.Enter())
        {
            return PageLocks.TryTake(ref StateOf(frame).Lock);
        }
    }
}
