namespace GpuSvm.Driver;

/// <summary>A client's GPU page table as a mirror of its address space: the one place where entries are written and dropped.</summary>
/// <remarks>Source: the struct nouveau_svmm of nouveau_svm.c with its mutex, which is the update lock here.</remarks>
public sealed class GpuMirror
{
    private readonly GpuAddressSpace _space;
    private long _invalidations;
    private bool _hasEnded;

    internal GpuMirror(GpuAddressSpace space, AddressRange unmanaged, int workers)
    {
        _space = space;
        Unmanaged = unmanaged;
        Workers = workers;
        UpdateLock = new RankedLock(LockRank.Update, workers);
    }

    /// <summary>The page table, for those who map in the window.</summary>
    internal GpuAddressSpace Space => _space;

    /// <summary>Where dropped entries are told; null for nowhere.</summary>
    internal EventStream? Events { get; init; }

    /// <summary>What a strategy may need of the device; null where no driver has made the mirror.</summary>
    internal MirrorDevice? Device { get; init; }

    /// <summary>The device's memory in which pages may live, whose migrations drop the entries here themselves; null for none. Set before the first fault.</summary>
    internal object? DeviceOwner { get; set; }

    /// <summary>The pages that the GPU reads duplicates of; null where none can be. Set before the first fault.</summary>
    internal DuplicateTable? Duplicates { get; set; }

    /// <summary>Who holds it is alone with the GPU's entries. It has a lane for each worker, who writes entries of the block that it serves.</summary>
    /// <remarks>An invalidation takes the whole lock: it waits for every worker, and none of them confirms a read meanwhile.</remarks>
    public RankedLock UpdateLock { get; }

    /// <summary>Number of invalidations that reached the GPU's page table.</summary>
    public long Invalidations => SharedWord.Read(ref _invalidations);

    /// <summary>Number of 4 KiB pages that the GPU reads duplicates of now.</summary>
    /// <remarks>Locking: takes <see cref="UpdateLock"/>.</remarks>
    public int DuplicatePages
    {
        get
        {
            using (UpdateLock.Enter())
            {
                return Duplicates?.Count ?? 0;
            }
        }
    }

    /// <summary>Number of 4 KiB pages that the GPU can reach now.</summary>
    public long MappedPages => _space.MappedPages;

    /// <summary>The part of the process's addresses that this GPU can translate.</summary>
    public AddressRange Bounds => _space.Bounds;

    /// <summary>The window in which the client maps what it likes: nothing is mirrored there, and nothing dropped. Empty for none.</summary>
    public AddressRange Unmanaged { get; }

    /// <summary>Number of workers that serve faults of this mirror at the same time: at least 1.</summary>
    public int Workers { get; }

    /// <summary>True if the page of an address is mirrored: the GPU can translate it, and it does not lie in the window.</summary>
    public bool Mirrors(VirtualAddress address) => Bounds.Contains(address) && !Unmanaged.Contains(address);

    /// <summary>True if all of a range is mirrored.</summary>
    public bool Mirrors(AddressRange range) => Bounds.Contains(range) && !Unmanaged.Overlaps(range);

    /// <summary>What the GPU's entry of a page allows now; nothing where there is none.</summary>
    /// <remarks>What is true without <see cref="UpdateLock"/> may be over at once; then the access faults again.</remarks>
    public TranslationRights RightsOf(VirtualAddress page)
    {
        DecodedEntry entry = _space.Translate(page);
        return entry.Kind == PageTableEntryKind.Page ? entry.Rights : TranslationRights.None;
    }

    /// <summary>True if a page of a range has an entry, whatever it allows: one look-up where nothing is mapped.</summary>
    /// <remarks>As <see cref="RightsOf"/>.</remarks>
    public bool HasPages(AddressRange range) => _space.HasPfns(range);

    /// <summary>The part of a range around one of its mirrored pages that lies on the same side of the window.</summary>
    public AddressRange MirroredAround(VirtualAddress page, AddressRange range)
    {
        AddressRange side =
            Unmanaged.IsEmpty ? Bounds :
            page < Unmanaged.Start ? new AddressRange(Bounds.Start, Unmanaged.Start) :
            new AddressRange(Unmanaged.End, Bounds.End);
        return range.Intersect(side);
    }

    /// <summary>True if the GPU's entry of a page allows all of <paramref name="rights"/> now.</summary>
    /// <remarks>Locking: takes <see cref="UpdateLock"/>. What is true may be over at once; then the access faults again.</remarks>
    public bool Grants(VirtualAddress page, TranslationRights rights)
    {
        using (UpdateLock.Enter())
        {
            return (RightsOf(page) & rights) == rights;
        }
    }

    /// <summary>Writes entries for pages that were looked up on the CPU's side.</summary>
    /// <param name="address">Address of the first page.</param>
    /// <param name="pfns">One entry a page; the valid bits of what was not mapped are cleared.</param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.ENOMEM"/> when a table or a DMA address could not be had; <see cref="Errno.EINVAL"/> when
    /// a page lies in the window or beyond what the GPU can translate.
    /// </returns>
    /// <remarks>Locking: under <see cref="UpdateLock"/> or a worker's lane of it, after read retry answered false.</remarks>
    public Errno Map(VirtualAddress address, Span<PfnEntry> pfns) => Map(address, pfns, Page.Shift);

    /// <summary>As <see cref="Map(VirtualAddress, Span{PfnEntry})"/>, with an entry for each 2 MiB.</summary>
    /// <param name="address">A multiple of 2 MiB.</param>
    /// <param name="pfns">The addresses are multiples of 2 MiB, too.</param>
    /// <returns>As there.</returns>
    public Errno MapHuge(VirtualAddress address, Span<PfnEntry> pfns) => Map(address, pfns, Page.Shift + HugePage.Order);

    /// <summary>Writes runs of entries; the pages between them stay as they are.</summary>
    /// <param name="address">Address of the first page.</param>
    /// <param name="pfns">As there.</param>
    /// <param name="runs">Which entries count: valid ones, of mirrored pages.</param>
    /// <param name="buffer">The worker's.</param>
    /// <returns>As there.</returns>
    /// <remarks>Locking: as there.</remarks>
    internal Errno MapRuns(VirtualAddress address, Span<PfnEntry> pfns, ReadOnlySpan<PfnSpan> runs, PfnBuffer buffer)
    {
        UpdateLock.AssertLaneHeld();
        return _space.PfnMapRuns(address, pfns, runs, buffer);
    }

    /// <summary>Lets the GPU read a duplicate of a page instead of the page.</summary>
    /// <param name="page">The page.</param>
    /// <param name="address">Byte address of the duplicate in video memory; on success it ends with the entry.</param>
    /// <returns>As <see cref="Map(VirtualAddress, Span{PfnEntry})"/>.</returns>
    /// <remarks>Locking: as there.</remarks>
    internal Errno MapDuplicate(VirtualAddress page, ulong address)
    {
        if (Duplicates!.Has(page))
        {
            // Its entry was replaced by one for the page itself: what was flushed with that was not this.
            Drop(AddressRange.PageAt(page));
        }

        PfnEntry entry = PfnEntry.VideoMemory(address, TranslationRights.Read);
        Errno error = Map(page, new Span<PfnEntry>(ref entry));
        if (error == Errno.None)
        {
            Duplicates.Add(page, address);
        }

        return error;
    }

    /// <summary>Drops entries for duplicates, and gives those up.</summary>
    /// <returns>How many.</returns>
    /// <remarks>Locking: takes <see cref="UpdateLock"/>.</remarks>
    internal int GiveUpDuplicates(int most)
    {
        using (UpdateLock.Enter())
        {
            int ended = 0;
            for (; ended < most && Duplicates!.TryFind(out VirtualAddress page); ended++)
            {
                Drop(AddressRange.PageAt(page), EventCause.Eviction);
            }

            return ended;
        }
    }

    private Errno Map(VirtualAddress address, Span<PfnEntry> pfns, int shift)
    {
        UpdateLock.AssertLaneHeld();
        return AddressRange.TryFromLength(address, (ulong)pfns.Length << shift, out AddressRange range) && !Unmanaged.Overlaps(range)
            ? _space.PfnMap(shift, address, pfns)
            : Errno.EINVAL;
    }

    /// <summary>True if a page has an entry, whatever it allows.</summary>
    /// <remarks>Locking: under <see cref="UpdateLock"/>.</remarks>
    public bool IsMapped(VirtualAddress page)
    {
        UpdateLock.AssertHeld();
        return _space.Translate(page).Kind == PageTableEntryKind.Page;
    }

    /// <summary>True for an invalidation that this mirror's own driver makes, which drops the entries itself before it copies.</summary>
    /// <remarks>Source: nouveau_svm.c, nouveau_svmm_invalidate_range_start (MMU_NOTIFY_MIGRATE of its own owner).</remarks>
    public bool IsOwn(in Invalidation invalidation) =>
        invalidation is { Cause: InvalidationCause.Migrate, Owner: { } owner } &&
        (ReferenceEquals(owner, this) || ReferenceEquals(owner, DeviceOwner));

    /// <summary>True if a page of a range has an entry, outside the window.</summary>
    /// <param name="range">Any range.</param>
    /// <remarks>Looks entries up in no table: the cost is that of one search. Locking: under <see cref="UpdateLock"/>.</remarks>
    public bool HasEntries(AddressRange range)
    {
        UpdateLock.AssertHeld();
        (AddressRange below, AddressRange above) = BesideTheWindow(range);
        return _space.HasPfns(below) || _space.HasPfns(above);
    }

    /// <summary>Drops every entry of a range; on return no device access completes through one.</summary>
    /// <param name="range">Any range; what lies below and above the window counts, as far as the GPU can translate it.</param>
    /// <returns>Number of 4 KiB pages that had an entry.</returns>
    /// <remarks>Locking: under <see cref="UpdateLock"/>.</remarks>
    public long Drop(AddressRange range) => Drop(range, EventCause.None);

    /// <summary>Drops every entry of a range for a change of the address space.</summary>
    /// <param name="range">Any range.</param>
    /// <param name="cause">Why, for the stream of events.</param>
    /// <returns>Number of 4 KiB pages that had an entry.</returns>
    /// <remarks>Locking: under <see cref="UpdateLock"/>.</remarks>
    public long Drop(AddressRange range, InvalidationCause cause) => Drop(range, EventCause.Unmap + (byte)cause);

    /// <summary>Drops the entries of pages that are about to move to the device's memory, or home, by a migration whose event is passed over.</summary>
    /// <remarks>Locking: takes <see cref="UpdateLock"/>. Nothing is left to drop once the mirror has ended.</remarks>
    internal void DropOwn(AddressRange range)
    {
        using (UpdateLock.Enter())
        {
            if (!_hasEnded)
            {
                Drop(range, InvalidationCause.Migrate);
            }
        }
    }

    /// <summary>The page table is about to go, and no access is made through it any more.</summary>
    internal void End()
    {
        using (UpdateLock.Enter())
        {
            _hasEnded = true;
            Duplicates?.EndIn(Bounds);
        }
    }

    /// <summary>Drops every entry but those of the window; on return no device access completes through one.</summary>
    /// <remarks>Locking: takes <see cref="UpdateLock"/>.</remarks>
    internal void DropAll()
    {
        using (UpdateLock.Enter())
        {
            Drop(Bounds, InvalidationCause.Release);
        }
    }

    private long Drop(AddressRange range, EventCause cause)
    {
        UpdateLock.AssertHeld();
        _invalidations++;
        Events?.TellInvalidation(_space.Root, range, cause);
        (AddressRange below, AddressRange above) = BesideTheWindow(range);
        long pages = DropClipped(below) + DropClipped(above);
        Duplicates?.EndIn(range);
        Events?.TellInvalidationEnd(range, pages);
        return pages;
    }

    private (AddressRange Below, AddressRange Above) BesideTheWindow(AddressRange range) => Unmanaged.Overlaps(range)
        ? (range.Intersect(new AddressRange(Bounds.Start, Unmanaged.Start)), range.Intersect(new AddressRange(Unmanaged.End, Bounds.End)))
        : (range, default);

    private long DropClipped(AddressRange range)
    {
        AddressRange clipped = range.Intersect(Bounds);
        if (clipped.IsEmpty)
        {
            return 0;
        }

        Errno error = _space.PfnUnmap(clipped, out long pages);
        Checks.That(error == Errno.None, "Dropping the entries of a valid range cannot fail.");
        return pages;
    }
}
