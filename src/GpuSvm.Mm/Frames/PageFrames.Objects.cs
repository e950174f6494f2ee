namespace GpuSvm.Mm;

/// <content>Frames of memory objects: reserved in runs, taken one by one.</content>
public sealed partial class PageFrames
{
    private readonly FrameRuns _runs;

    /// <summary>Reserves a run of consecutive frames, none of which is in use before its page is touched.</summary>
    /// <param name="pages">Length of the run, at least 1.</param>
    /// <param name="memory">The run; null on failure.</param>
    /// <returns>ENOMEM when there is no free run of that length.</returns>
    public Errno TryReserve(ulong pages, out MemoryObject? memory) => TryReserve(pages, MemoryReach.Aliasable, out memory);

    /// <summary>As <see cref="TryReserve(ulong, out MemoryObject?)"/>, and says how the bytes are reached.</summary>
    public Errno TryReserve(ulong pages, MemoryReach reach, out MemoryObject? memory)
    {
        ArgumentOutOfRangeException.ThrowIfZero(pages);
        using (_lock.Enter())
        {
            memory = _runs.TryTake(pages, out FrameNumber first) ? new MemoryObject(this, first, pages, reach) : null;
        }

        return memory is null ? Errno.ENOMEM : Errno.None;
    }

    /// <summary>Gives a run back that no mapping holds any more; its frames may go to the next object.</summary>
    /// <exception cref="ArgumentException">It is not of these frames, or released already.</exception>
    /// <exception cref="InvalidOperationException">A page of it is mapped.</exception>
    public void Release(MemoryObject memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (memory.MappedPages != 0)
        {
            throw new InvalidOperationException($"{memory.MappedPages} pages of {memory} are mapped.");
        }

        using (_lock.Enter())
        {
            if (memory.Owner != this)
            {
                throw new ArgumentException($"{memory} was not reserved here, or is released already.", nameof(memory));
            }

            memory.End();
            _runs.Return(memory.FirstFrame, memory.PageCount);
        }
    }

    /// <summary>True while somebody has a page of an object in its own frame, be it that no mapping shows it any more.</summary>
    public bool HasUsedFrames(MemoryObject memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        for (ulong i = 0; i < memory.PageCount; i++)
        {
            if (ReferenceCount(memory.FirstFrame + i) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes a frame of an object, with one reference; it reads as zero.</summary>
    /// <param name="frame">A frame that is free. Nobody else may take it meanwhile: the object's lock is held.</param>
    /// <returns>ENOMEM when the limit is reached, the gate refuses, or the system has no memory for it.</returns>
    /// <remarks>
    /// The page gets its memory first, which entering it for a live process needs. The bytes are looked at, since somebody may have
    /// touched the frame while it was nobody's.
    /// </remarks>
    internal Errno TryTake(FrameNumber frame)
    {
        Errno error = TryTakeAsItIs(frame);
        if (error == Errno.None)
        {
            Clear(frame);
        }

        return error;
    }

    /// <summary>As <see cref="TryTake"/>, for a page of which all bytes are written before anybody sees it.</summary>
    private Errno TryTakeAsItIs(FrameNumber frame)
    {
        bool isPopulated = HasFlags(ref OwnStateOf(frame), FrameFlags.Populated);
        Errno error = TryTakeName(frame);
        if (error != Errno.None || isPopulated || Memory.TryPopulate(frame) == Errno.None)
        {
            return error;
        }

        Put(frame);
        return Errno.ENOMEM;
    }

    /// <summary>As <see cref="TryTake"/>, for a page whose bytes are elsewhere: the frame gets no memory, and is zero while nothing moves.</summary>
    internal Errno TryTakeName(FrameNumber frame)
    {
        Checks.That(IsOfObject(frame), "Only frames of an object are taken by number.");
        Checks.That(ReferenceCount(frame) == 0, "A frame is taken only when it is free.");
        if (_options.AllocationGate is { } gate && !gate())
        {
            return Errno.ENOMEM;
        }

        using (_lock.Enter())
        {
            if ((ulong)_allocated >= _limit)
            {
                return Errno.ENOMEM;
            }

            _allocated++;
        }

        Begin(frame);
        return Errno.None;
    }

    /// <summary>Gives a frame that is to receive the bytes of its page their memory; one that is its page has it.</summary>
    /// <returns>False when the system has none: the page cannot move.</returns>
    internal bool TryPrepareToMove(FrameNumber frame) => Memory.TryPopulate(frame) == Errno.None;

    /// <summary>Adds a reference to a frame unless it is free.</summary>
    internal bool TryGet(FrameNumber frame)
    {
        ref FrameState state = ref OwnStateOf(frame);
        if (HasFlags(ref state, FrameFlags.Tail) && TryGetTail(frame, ref state))
        {
            return true;
        }

        return TryGet(ref state);
    }

    private static bool TryGet(ref FrameState state)
    {
        int seen;
        do
        {
            seen = SharedWord.Read(ref state.References);
        }
        while (seen != 0 && SharedWord.CompareExchange(ref state.References, seen + 1, seen) != seen);

        return seen != 0;
    }

    /// <summary>True for a frame that is a certain page of an object, and of no other.</summary>
    internal bool IsFixed(FrameNumber frame) => IsOfObject(frame) && !IsDevicePrivate(frame) && PagemapOf(frame) is null;

    private bool IsOfObject(FrameNumber frame) => frame.Value >= _pooled;
}
