namespace GpuSvm.Mm;

/// <summary>Memory that address spaces share: its pages are found by index, so all who map it see the same frames.</summary>
/// <remarks>
/// A page gets a frame when it is touched first, and keeps it until the cache is disposed and no mapping of it is left. Each frame has
/// one reference of the cache. Thread-safe. Source: Linux mm/shmem.c, mm/filemap.c (struct address_space, i_pages).
/// </remarks>
public class PageCache : BackingObject, IDisposable
{
    private readonly RankedLock _lock = new(LockRank.PageCache);
    private readonly SortedDictionary<ulong, FrameNumber> _pages = [];
    private bool _isDisposed;
    private int _isReleased;

    /// <summary>Makes shared memory that reads as zero.</summary>
    /// <param name="frames">Where its pages come from.</param>
    /// <param name="pages">Number of pages.</param>
    public PageCache(PageFrames frames, ulong pages)
        : base(pages)
    {
        ArgumentNullException.ThrowIfNull(frames);
        Owner = frames;
    }

    /// <summary>Number of pages that have a frame.</summary>
    public int CachedPages
    {
        get
        {
            using (_lock.Enter())
            {
                return _pages.Count;
            }
        }
    }

    /// <summary>True when it was disposed, and cannot be mapped any more.</summary>
    internal bool IsDisposed => SharedWord.Read(ref _isDisposed);

    /// <inheritdoc/>
    internal sealed override PageFrames Owner { get; }

    /// <summary>Gives the memory up: its frames are freed as soon as no mapping of it is left, which may be now.</summary>
    public void Dispose()
    {
        SharedWord.Write(ref _isDisposed, true);
        GC.SuppressFinalize(this);
        Unmapped();
    }

    /// <inheritdoc/>
    internal sealed override Errno TryGet(ulong index, out FrameNumber frame)
    {
        if (TryFind(index, out frame))
        {
            return Errno.None;
        }

        Errno error = index >= PageCount ? Errno.EFAULT : Owner.TryAllocate(out frame);
        if (error != Errno.None)
        {
            // Whoever was quicker may have got the last frame for this very page.
            return TryFind(index, out frame) ? Errno.None : error;
        }

        error = Fill(index, Owner.Memory.Frame(frame));
        if (error != Errno.None)
        {
            Owner.Put(frame);
            return error;
        }

        return Add(index, ref frame);
    }

    /// <summary>The pages in a range of indices that have a frame, in order, each with a reference for the caller.</summary>
    private protected List<(ulong Index, FrameNumber Frame)> Cached(ulong first, ulong count)
    {
        using (_lock.Enter())
        {
            List<(ulong Index, FrameNumber Frame)> found =
                [.. _pages.Where(page => page.Key >= first && page.Key - first < count).Select(page => (page.Key, page.Value))];
            found.ForEach(page => Owner.Get(page.Frame));
            return found;
        }
    }

    /// <summary>Gives a new page, all zero, its bytes.</summary>
    /// <returns>EIO when they could not be read; EFAULT when there are none any more.</returns>
    private protected virtual Errno Fill(ulong index, Span<byte> bytes) => Errno.None;

    /// <summary>Called once, before the pages are freed for good.</summary>
    private protected virtual void Close()
    {
    }

    /// <inheritdoc/>
    private protected sealed override void Unmapped()
    {
        if (!IsDisposed || MappedPages != 0 || SharedWord.CompareExchange(ref _isReleased, 1, 0) != 0)
        {
            return;
        }

        Close();
        FrameNumber[] left;
        using (_lock.Enter())
        {
            left = [.. _pages.Values];
            _pages.Clear();
        }

        Array.ForEach(left, Owner.Put);
    }

    private bool TryFind(ulong index, out FrameNumber frame)
    {
        using (_lock.Enter())
        {
            if (!_pages.TryGetValue(index, out frame))
            {
                return false;
            }

            Owner.Get(frame);
            return true;
        }
    }

    /// <summary>Adds a page, unless somebody else has added it meanwhile: then that is the page.</summary>
    private Errno Add(ulong index, ref FrameNumber frame)
    {
        FrameNumber added = frame;
        bool isFirst;
        using (_lock.Enter())
        {
            isFirst = _pages.TryAdd(index, added);
            if (Breaks.CachedPageReplaced)
            {
                _pages[index] = added;
            }

            frame = _pages[index];
            Owner.Get(frame);
        }

        if (!isFirst)
        {
            Owner.Put(added);
        }

        return Errno.None;
    }
}
