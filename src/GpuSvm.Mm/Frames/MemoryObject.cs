namespace GpuSvm.Mm;

/// <summary>A run of page frames that its mappings fix page for page: the memory of a buffer that a live process maps too.</summary>
/// <remarks>
/// The frames are only reserved; each is taken when its page is touched and free again when the last entry of it is taken away.
/// Source: Linux struct address_space of a memfd, as far as it says which page of the file stands where.
/// </remarks>
public sealed class MemoryObject : BackingObject
{
    private readonly RankedLock _lock = new(LockRank.PageCache);
    private PageFrames? _owner;

    internal MemoryObject(PageFrames owner, FrameNumber firstFrame, ulong pageCount)
        : base(pageCount)
    {
        _owner = owner;
        FirstFrame = firstFrame;
    }

    /// <summary>Frame of its first page; the others follow.</summary>
    public FrameNumber FirstFrame { get; }

    /// <inheritdoc/>
    internal override PageFrames? Owner => _owner;

    /// <summary>The frames as text, in the form <c>pfn:0x400+16</c>.</summary>
    public override string ToString() => $"{FirstFrame}+{PageCount}";

    /// <summary>Ends the object: its frames are nobody's. The frame allocator's lock is held.</summary>
    internal void End() => _owner = null;

    /// <inheritdoc/>
    internal override Errno TryGet(ulong index, out FrameNumber frame)
    {
        frame = FirstFrame + index;
        if (index >= PageCount || _owner is not { } frames)
        {
            return Errno.EFAULT;
        }

        // Two address spaces may touch the page at once: one takes the frame, the other finds it taken.
        using (_lock.Enter())
        {
            return frames.TryGetPage(frame, out frame);
        }
    }
}
