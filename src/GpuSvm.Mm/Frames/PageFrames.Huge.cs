namespace GpuSvm.Mm;

/// <content>Huge pages: 512 aligned frames that are counted, mapped, marked and locked as one, in the state of the first.</content>
/// <remarks>
/// A reference to a part keeps the whole, and is noted for the part too, so that a split leaves every part its own. Parts are got and put
/// under the allocator's lock; so the frames that are pages by themselves pay one look at their marks, and no more. An entry of a page
/// table names a huge page by its first frame, and there is never more than one such entry. Source: Linux compound pages, folios.
/// </remarks>
public sealed partial class PageFrames
{
    /// <summary>Allocates a huge page that reads as zero, with one reference.</summary>
    /// <param name="head">Its first frame: a multiple of 512.</param>
    /// <returns>ENOMEM when there is no such block, though there may be single frames; when the limit is reached, or the gate refuses.</returns>
    public Errno TryAllocateHuge(out FrameNumber head)
    {
        Errno error = TryTakeHuge(out head, out bool isFresh);
        if (error != Errno.None)
        {
            return error;
        }

        for (ulong i = 0; !isFresh && i < HugePage.PageCount; i++)
        {
            Clear(head + i);
        }

        BeginHuge(head, 0);
        return Errno.None;
    }

    /// <summary>Allocates a huge page to which one that lives on a device goes home, with one reference.</summary>
    /// <param name="head">Its first frame. What it holds is not defined: its bytes are those that it is given, all of them, before anybody sees it.</param>
    /// <returns>As <see cref="TryAllocateHuge"/>.</returns>
    public Errno TryAllocateHugeHome(out FrameNumber head)
    {
        Errno error = TryTakeHuge(out head, out _);
        if (error == Errno.None)
        {
            BeginHuge(head, 0);
        }

        return error;
    }

    /// <summary>True if a frame is a huge page or a part of one.</summary>
    public bool IsHuge(FrameNumber frame) => HasFlags(ref OwnStateOf(frame), FrameFlags.Huge | FrameFlags.Tail);

    /// <summary>The first frame of the page that a frame is or belongs to.</summary>
    public FrameNumber PageOf(FrameNumber frame) =>
        HasFlags(ref OwnStateOf(frame), FrameFlags.Tail) ? HugePage.HeadOf(frame) : frame;

    /// <summary>Makes 512 pages of a huge page, each as it was: mapped, locked and marked alike, beside each other, with its own references.</summary>
    /// <remarks>
    /// Locking: the caller holds the lock of the page table whose entry names the page, and replaces that entry; and the page's lock or,
    /// exclusively, the mmap lock. The reference of that entry becomes one of each page. Source: Linux __split_huge_page.
    /// </remarks>
    /// <param name="head">Its first frame.</param>
    /// <param name="locked">Which page has the lock afterwards, if it is held; null for each.</param>
    internal void SplitHuge(FrameNumber head, FrameNumber? locked = null)
    {
        bool isAwaited = false;
        ulong place = _reverse.FirstOf(ref OwnStateOf(head).Mapping, head);
        using (_lock.Enter())
        {
            Span<FrameState> states = StatesOf(head);
            ref FrameState first = ref states[0];
            Checks.That(HasFlags(ref first, FrameFlags.Huge), "Only a huge page is split.");
            int marks = SharedWord.Read(ref first.Flags) & ~(int)FrameFlags.Huge;
            int pins = 0;
            for (int i = 1; i < states.Length; i++)
            {
                ref FrameState part = ref states[i];
                pins += part.References;
                part.References++;
                part.Maps = first.Maps;
                part.Mapping = place == 0 ? 0 : FrameMapping.Unpack(place).PageAt(i).Packed;
                part.DeviceData = first.DeviceData;
                part.Lock = locked is null || locked == head + (ulong)i ? PageLocks.CopyOf(ref first.Lock) : 0;
            }

            // From here on each part is looked at for itself; who sees it a part still waits for the lock and looks again.
            Interlocked.MemoryBarrier();
            foreach (ref FrameState part in states[1..])
            {
                part.Flags = marks;
            }

            SharedWord.Add(ref first.References, -pins);
            SetFlags(head, FrameFlags.None, FrameFlags.Huge);
            if (locked is not null && locked != head && PageLocks.IsLocked(ref first.Lock))
            {
                isAwaited = PageLocks.Open(ref first.Lock);
            }
        }

        if (isAwaited)
        {
            _locks.Wake(head);
        }

        PagemapOf(head)?.Operations.Split(head);
    }

    /// <summary>Begins the use of 512 free frames as a huge page with one reference.</summary>
    private void BeginHuge(FrameNumber head, ulong data)
    {
        // By plain writes: nobody knows the frames yet.
        Span<FrameState> states = StatesOf(head);
        int references = 0;
        foreach (ref FrameState part in states[1..])
        {
            references |= part.References;
            part.Flags = (int)FrameFlags.Tail;
        }

        Checks.That(references == 0, "A huge page is made of free frames.");

        SharedWord.Write(ref states[0].Flags, (int)FrameFlags.Huge);
        SharedWord.Write(ref states[0].DeviceData, data);
        SharedWord.Write(ref states[0].References, 1);
    }

    /// <summary>Takes the marks from the frames of a huge page that nobody refers to any more.</summary>
    private void EndHuge(FrameNumber head)
    {
        int references = 0;
        foreach (ref FrameState part in StatesOf(head))
        {
            references |= part.References;
            part.Flags = 0;
        }

        Checks.That(references == 0, "A huge page is freed when nobody refers to a part of it.");
    }

    private bool TryGetTail(FrameNumber frame, ref FrameState state)
    {
        using (_lock.Enter())
        {
            if (!HasFlags(ref state, FrameFlags.Tail))
            {
                return false;
            }

            int references = SharedWord.Add(ref StateOf(frame).References, 1);
            Checks.That(references > 1, "A reference is added only to a frame that is in use.");
            state.References++;
            return true;
        }
    }

    private bool TryPutTail(FrameNumber frame, ref FrameState state)
    {
        FrameNumber head = HugePage.HeadOf(frame);
        ref FrameState first = ref OwnStateOf(head);
        int references;
        using (_lock.Enter())
        {
            if (!HasFlags(ref state, FrameFlags.Tail))
            {
                return false;
            }

            Checks.That(state.References > 0, "A part of a huge page is not put more often than it was got.");
            state.References--;
            references = SharedWord.Add(ref first.References, -1);
        }

        if (references == 0)
        {
            Free(head, ref first);
        }

        return true;
    }

    /// <summary>The states of the 512 frames of a block.</summary>
    private Span<FrameState> StatesOf(FrameNumber head)
    {
        Checks.That(HugePage.IsHead(head), "A huge page begins at a multiple of 512 frames.");
        return IsDevicePrivate(head) ? DeviceStatesOf(head) : StatesOf(head.Value, HugePage.PageCount);
    }

    private Errno TryTakeHuge(out FrameNumber head, out bool isFresh)
    {
        head = default;
        isFresh = false;
        if (_options.AllocationGate is { } gate && !gate())
        {
            return Errno.ENOMEM;
        }

        using (_lock.Enter())
        {
            if ((ulong)_allocated + HugePage.PageCount > _limit || !_pool.TryTakeBlock(out head, out isFresh))
            {
                return Errno.ENOMEM;
            }

            _allocated += HugePage.PageCount;
            return Errno.None;
        }
    }
}
