namespace GpuSvm.Mm;

/// <content>What a migration does with frames: it locks many, and copies.</content>
public sealed partial class PageFrames
{
    /// <summary>Copies the bytes of a frame to another. Nobody stores to either meanwhile.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such frame.</exception>
    public void Copy(FrameNumber source, FrameNumber destination)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        Memory.Frame(source).CopyTo(Memory.Frame(destination));
    }

    /// <summary>Takes a page lock if it is free; the caller accounts for all of its own as one lock.</summary>
    internal bool TryLockForMigration(FrameNumber frame) => PageLocks.TryTake(ref StateOf(frame).Lock);

    /// <summary>Gives the frame that a page has moved to the marks of the one that it has left.</summary>
    /// <remarks>Under the page-table lock of the first entry that names the new frame: so nobody changes the marks meanwhile.</remarks>
    internal void MoveMarks(FrameNumber source, FrameNumber destination)
    {
        const FrameFlags Moving = FrameFlags.AnonExclusive | FrameFlags.Dirty | FrameFlags.Accessed;
        FrameFlags marks = FlagsOf(source) & Moving;
        if (marks != 0 && source != destination)
        {
            SetFlags(destination, marks);
        }
    }

    /// <summary>Releases a page lock that <see cref="TryLockForMigration"/> took.</summary>
    internal void UnlockMigrated(FrameNumber frame) => _locks.Give(ref StateOf(frame).Lock, frame);

    /// <summary>Waits until a frame's page lock is released, or the deadline; may return before, so the caller looks again.</summary>
    /// <remarks>Adds no reference, which a migration would take for a pin. No lock from the page locks on may be held.</remarks>
    internal void AwaitUnlock(FrameNumber frame, Deadline deadline)
    {
        HeldLocks.AssertNoneAtOrAbove(LockRank.Page, "A page lock is waited for");
        if (IsDevicePrivate(frame) && PagemapOf(frame) is null)
        {
            // The page has left the device, and then the device has gone.
            return;
        }

        _locks.AwaitUnlock(ref StateOf(frame).Lock, frame, deadline);
    }
}
