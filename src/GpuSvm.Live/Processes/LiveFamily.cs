namespace GpuSvm.Live;

/// <summary>The processes that map the heap: the app, and the children that it has forked. Thread-safe.</summary>
internal sealed class LiveFamily(BufferTable buffers)
{
    /// <summary>How often a discard looks whether a page has come back meanwhile, through a mapping that it had done already.</summary>
    private const int DiscardRounds = 8;

    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly RankedLock _ending = new(LockRank.Machine);
    private readonly List<LiveProcess> _processes = [];

    /// <summary>What they map.</summary>
    public BufferTable Buffers { get; } = buffers;

    /// <summary>All of them, the app first.</summary>
    public IReadOnlyList<LiveProcess> Processes
    {
        get
        {
            using (_lock.Enter())
            {
                return [.. _processes];
            }
        }
    }

    /// <summary>Adds a process.</summary>
    public void Add(LiveProcess process)
    {
        using (_lock.Enter())
        {
            _processes.Add(process);
        }
    }

    /// <summary>Reads what all of them have told and waits until it has been acted on.</summary>
    /// <returns>False when the deadline passed first.</returns>
    public bool Drain(Deadline deadline)
    {
        // None is given back meanwhile.
        using (_ending.Enter())
        {
            return Processes.All(process => process.Messages.Drain(deadline));
        }
    }

    /// <summary>Gives back what children had that have ended, or become other programs.</summary>
    /// <returns>True if there were any.</returns>
    public bool EndGone()
    {
        using (_ending.Enter())
        {
            LiveProcess[] gone = [.. Processes.Where(process => process.IsChild && process.HasEnded)];
            foreach (LiveProcess child in gone)
            {
                using (_lock.Enter())
                {
                    _processes.Remove(child);
                }

                child.Dispose();
            }

            return gone.Length > 0;
        }
    }

    /// <summary>Leaves children that live on to themselves: what they map is plain memory from now on. All pages are at home.</summary>
    /// <returns>True if there are any: then no frame may be given back.</returns>
    public bool LeaveChildren()
    {
        EndGone();
        int left = 0;
        for (LiveProcess[] children = Children(); left < children.Length; children = Children())
        {
            // Stopped, it adds no child of its own any more.
            children[left++].Leave();
        }

        return left > 0;
    }

    private LiveProcess[] Children() => [.. Processes.Where(process => process.IsChild)];

    /// <summary>Gives up the bytes of a range of a process, for all that map them: the memory is shared.</summary>
    public void Discard(LiveProcess process, AddressRange range)
    {
        foreach (Vma vma in process.Mm.Vmas())
        {
            AddressRange part = vma.Range.Intersect(range);
            if (part.IsEmpty)
            {
                continue;
            }

            if (vma.Backing is { Memory: MemoryObject { IsShared: true } memory } backing)
            {
                DiscardShared(memory, backing.IndexOf(part.Start), part.PageCount);
            }
            else
            {
                process.Mm.Discard(part.Start, part.Length);
            }
        }
    }

    private void DiscardShared(MemoryObject memory, ulong first, ulong pages)
    {
        for (int round = 0; round < DiscardRounds; round++)
        {
            bool isAway = false;
            foreach ((AddressSpace mm, AddressRange part) in Showing(memory, first, pages))
            {
                mm.Discard(part.Start, part.Length);
            }

            foreach ((AddressSpace mm, AddressRange part) in Showing(memory, first, pages))
            {
                isAway |= mm.Residency(part).Any(run => run.Device is not null || run.Location == PageLocation.Moving);
            }

            if (!isAway)
            {
                return;
            }
        }
    }

    /// <summary>Where pages of an object are mapped.</summary>
    private IEnumerable<(AddressSpace Mm, AddressRange Part)> Showing(MemoryObject memory, ulong first, ulong pages) =>
        from process in Processes
        from vma in process.Mm.Vmas()
        where vma.Backing?.Memory == memory
        let index = vma.Backing!.Value.IndexOf(vma.Range.Start)
        let start = Math.Max(index, first)
        let end = Math.Min(index + vma.Range.PageCount, first + pages)
        where start < end
        select (process.Mm, AddressRange.FromLength(vma.Range.Start + ((start - index) << Page.Shift), (end - start) << Page.Shift));
}
