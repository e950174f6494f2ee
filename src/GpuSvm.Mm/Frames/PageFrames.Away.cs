namespace GpuSvm.Mm;

/// <content>Pages of memory objects that live in a device's memory for a while.</content>
public sealed partial class PageFrames
{
    private readonly AwayPages _away = new();

    /// <summary>Allocates a frame of the system for a page to come home to: the one that belongs to it if it is a memory object's, else any.</summary>
    /// <param name="source">The frame where the page lives, which a migration has collected.</param>
    /// <param name="frame">The frame, with one reference; its bytes are those that it is given.</param>
    /// <returns>As <see cref="TryAllocate(out FrameNumber)"/>; EBUSY: somebody still looks at the page's own frame. Try again later.</returns>
    public Errno TryAllocateHome(FrameNumber source, out FrameNumber frame)
    {
        if (!_away.TryHomeOf(source, out FrameNumber home))
        {
            Errno error = TryTakeFrame(out frame, out _);
            if (error == Errno.None)
            {
                Begin(frame);
            }

            return error;
        }

        frame = home;
        return ReferenceCount(home) != 0 ? Errno.EBUSY : TryTakeAsItIs(home);
    }

    /// <summary>The frame that an object's page comes home to, if nobody has it.</summary>
    internal bool TryFreeHomeOf(FrameNumber source, out FrameNumber home) => _away.TryHomeOf(source, out home) && ReferenceCount(home) == 0;

    /// <summary>Gives free frames of an object memory, if the system has enough for all; then who takes one need not ask for it.</summary>
    internal void Populate(FrameNumber first, ulong count)
    {
        if (Memory.TryPopulate(first, count) == Errno.None)
        {
            for (ulong i = 0; i < count; i++)
            {
                SharedWord.Write(ref OwnStateOf(first + i).Flags, (int)FrameFlags.Populated);
            }
        }
    }

    /// <summary>The frame where the page of an object's frame lives.</summary>
    internal FrameNumber PlaceOf(FrameNumber home) => _away.PlaceOf(home);

    /// <summary>Takes a reference to an object's page, wherever it lives; takes its frame if it does not live yet. The object's lock is held.</summary>
    internal Errno TryGetPage(FrameNumber home, MemoryReach reach, out FrameNumber frame)
    {
        frame = PlaceOf(home);
        if (TryGetAt(frame))
        {
            return Errno.None;
        }

        // Where it was away, the last one who had it is about to free it, or it has just come home.
        _away.Forget(frame);
        frame = home;
        return
            TryGet(home) ? Errno.None :
            reach == MemoryReach.Aliasable ? TryTake(home) : TryTakeName(home);
    }

    /// <summary>Notes that a page which nobody has begins in a device's memory. The object's lock is held.</summary>
    /// <returns>False if somebody has it.</returns>
    internal bool TryBeginAway(FrameNumber home, FrameNumber place)
    {
        if (ReferenceCount(home) != 0 || PlaceOf(home) != home)
        {
            return false;
        }

        _away.Move(home, place);
        return true;
    }

    /// <summary>Takes a reference to where a page was a moment ago. It may have come home since, and then its device its memory.</summary>
    private bool TryGetAt(FrameNumber frame) =>
        !IsDevicePrivate(frame) || Breaks.RemovedDeviceLookedUp ? TryGet(frame) :
        PrivateOf(frame) is { } pagemap && TryGet(ref pagemap.StateOf(frame));

    /// <summary>True if a page may move where it is told to: one of an object only to a device's memory, or home; a huge one to a huge one.</summary>
    internal bool MayMove(MigratePfn source, MigratePfn destination)
    {
        if (!destination.IsValid || source.IsCompound != destination.IsCompound)
        {
            return false;
        }

        FrameNumber home = source.Frame;
        bool isOfObject = source.IsValid && (IsFixed(source.Frame) || _away.TryHomeOf(source.Frame, out home));
        return !isOfObject || destination.Frame == home || PagemapOf(destination.Frame) is not null;
    }

    /// <summary>Notes where a page lives from now on, if it is an object's. The lock of the frame that it leaves is held.</summary>
    private void MovePlace(FrameNumber source, FrameNumber destination)
    {
        if (IsFixed(source))
        {
            _away.Move(source, destination);
        }
        else if (_away.TryHomeOf(source, out FrameNumber home))
        {
            _away.Move(home, destination);
        }
    }
}
