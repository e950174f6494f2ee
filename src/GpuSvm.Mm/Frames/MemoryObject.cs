namespace GpuSvm.Mm;

/// <summary>A run of page frames that its mappings fix page for page: the memory of a buffer that a live process maps too.</summary>
/// <remarks>
/// <para>
/// The frames are only reserved; each is taken when its page is touched. Its bytes live as long as a mapping shows the page, wherever, and
/// nobody discards them: a page that loses its last entry while another mapping still shows it is kept by the object.
/// </para>
/// <para>
/// Where they are not aliasable (private memory of a live process) the page's bytes are the CPU's own, and its frame is where they stand
/// on the way: <see cref="ICpu.Isolate"/> reads them into the frame, <see cref="ICpu.Detach"/> takes them from the CPU, and
/// <see cref="ICpu.Map"/> gives them to it. So no device may use the frame, and the page is a device's only in the device's memory.
/// </para>
/// <para>Source: Linux struct address_space of a memfd, as far as it says which page of the file stands where.</para>
/// </remarks>
public sealed class MemoryObject : BackingObject
{
    private readonly RankedLock _lock = new(LockRank.PageCache);
    private readonly RankedLock _books = new(LockRank.MemoryObject);
    private readonly SortedDictionary<ulong, FrameNumber> _kept = [];
    private ushort[] _shows = [];
    private long _sharedPages;
    private int _keptCount;
    private PageFrames? _owner;

    internal MemoryObject(PageFrames owner, FrameNumber firstFrame, ulong pageCount, MemoryReach reach)
        : base(pageCount)
    {
        _owner = owner;
        FirstFrame = firstFrame;
        Reach = reach;
    }

    /// <summary>Whether a device may use the frames as they are.</summary>
    public MemoryReach Reach { get; }

    /// <summary>Frame of its first page; the others follow.</summary>
    public FrameNumber FirstFrame { get; }

    /// <summary>Number of pages that have bytes and no entry: only kept because a mapping shows them.</summary>
    public int KeptPages => SharedWord.Read(ref _keptCount);

    /// <inheritdoc/>
    internal override PageFrames? Owner => _owner;

    /// <summary>True if more than one mapping shows some page.</summary>
    public bool IsShared => SharedWord.Read(ref _sharedPages) != 0;

    /// <summary>The frames as text, in the form <c>pfn:0x400+16</c>.</summary>
    public override string ToString() => $"{FirstFrame}+{PageCount}";

    /// <summary>Keeps others from taking its pages: a page that nobody has stays so meanwhile.</summary>
    internal RankedLock.Scope Enter() => _lock.Enter();

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
            return frames.TryGetPage(frame, Reach, out frame);
        }
    }

    /// <summary>True if a page is shown by more mappings than one.</summary>
    internal bool IsShownTwice(ulong index)
    {
        using (_books.Enter())
        {
            return index < (ulong)_shows.Length && _shows[index] > 1;
        }
    }

    /// <summary>Takes the reference over that the last entry of a page has had, if another mapping shows the page.</summary>
    /// <returns>False if nobody needs it; the reference stays the caller's.</returns>
    internal bool TryKeep(ulong index, FrameNumber frame)
    {
        using (_books.Enter())
        {
            bool isKept = index < (ulong)_shows.Length && _shows[index] > 1 && _kept.TryAdd(index, frame);
            SharedWord.Write(ref _keptCount, _kept.Count);
            return isKept;
        }
    }

    /// <summary>Gives the reference of a kept page back, which has an entry again.</summary>
    internal void Entered(ulong index)
    {
        if (KeptPages == 0)
        {
            return;
        }

        FrameNumber frame;
        using (_books.Enter())
        {
            if (!_kept.Remove(index, out frame))
            {
                return;
            }

            SharedWord.Write(ref _keptCount, _kept.Count);
        }

        _owner!.Put(frame);
    }

    /// <summary>Takes kept pages of a run out, in order; their references are the caller's.</summary>
    /// <param name="first">Index of the first page.</param>
    /// <param name="pages">Number of pages.</param>
    /// <param name="shows">Only those that at most this many mappings show.</param>
    internal List<(ulong Index, FrameNumber Frame)> TakeKept(ulong first, ulong pages, int shows)
    {
        if (KeptPages == 0)
        {
            return [];
        }

        using (_books.Enter())
        {
            List<(ulong Index, FrameNumber Frame)> taken =
            [
                .. from page in _kept
                   where page.Key >= first && page.Key - first < pages && _shows[page.Key] <= shows
                   select (page.Key, page.Value),
            ];
            taken.ForEach(page => _kept.Remove(page.Index));
            SharedWord.Write(ref _keptCount, _kept.Count);
            return taken;
        }
    }

    /// <inheritdoc/>
    private protected override void Shown(ulong first, ulong pages)
    {
        using (_books.Enter())
        {
            if (_shows.Length == 0)
            {
                _shows = new ushort[PageCount];
            }

            foreach (ref ushort shows in Counts(first, pages))
            {
                shows++;
                _sharedPages += shows == 2 ? 1 : 0;
            }
        }
    }

    /// <inheritdoc/>
    private protected override void Hidden(ulong first, ulong pages)
    {
        using (_books.Enter())
        {
            foreach (ref ushort shows in Counts(first, pages))
            {
                shows--;
                _sharedPages -= shows == 1 ? 1 : 0;
            }
        }

        // Two that showed a page have left it at once, each to the other.
        TakeKept(first, pages, shows: 0).ForEach(page => _owner!.Put(page.Frame));
    }

    /// <summary>The counts of a run's pages, as far as there are such pages.</summary>
    private Span<ushort> Counts(ulong first, ulong pages)
    {
        ulong start = Math.Min(first, PageCount);
        return _shows.AsSpan((int)start, (int)Math.Min(pages, PageCount - start));
    }
}
