namespace GpuSvm.Mm;

/// <summary>Moves pages of one mapping to other frames, in three steps, between which the caller copies. Best effort for each page.</summary>
/// <remarks>
/// <code>
/// Setup(range, owner)       mmap lock held: pages are locked, their entries become migration entries, no store of the CPU completes
///    allocate frames, copy  Source tells from where, Destination is told to where; mirrors of the owner are dropped before the copy
/// MigratePages()            pages that can move have been taken from the CPU: from here on a device may be shown their new frames
/// Complete()                the CPU gets its entries, of the new frames or the old ones; pages are unlocked, frames left over are freed
/// </code>
/// <para>
/// A page that several address spaces map moves in all of them. Where nothing is there yet, or only the zero page, a page moves without
/// a source: its destination reads as zero and is entered by MigratePages.
/// </para>
/// <para>
/// What a page drops out for, with its bits cleared. At Setup: it is not selected; it is locked, or being moved already; someone else refers to the frame, as who caches the pages of a file or of shared memory does. At MigratePages: no frame was given, or one where it cannot
/// live (a page of a <see cref="MemoryObject"/> moves to a device's memory, and back to the frame that is its own:
/// <see cref="PageFrames.TryAllocateHome"/>); the page was unmapped or
/// discarded meanwhile; where nothing was, something is, or the mmap lock is not to be had at once. At Complete: unmapped or discarded
/// until then. Nobody waits for anybody here.
/// </para>
/// <para>
/// A huge page moves as one with <see cref="MigrateSelect.Compound"/>, if the range holds all of it: the word of its first page stands for
/// it, and those behind are 0. It goes to a huge page, or, split by MigratePages, to single frames for as many of its pages as one likes. If
/// others split it meanwhile, its pages and those of its destination stand one by one in the words when MigratePages or Complete
/// returns. Single pages do not go to a huge page.
/// </para>
/// <para>
/// Between Setup and Complete whoever touches such a page waits, holding the mmap lock maybe: so these two and all between them
/// take no mmap lock. The mmap lock of Setup may be released, and then mappings change, without waiting for the migration: an entry that
/// is taken out stays out, changed rights are those that the page comes back with.
/// </para>
/// <para>
/// The invalidation inside Setup is of cause <see cref="InvalidationCause.Migrate"/>. A mirror may skip that of its own owner only if the owner
/// drops and flushes the mirror's entries itself between Setup and the copy: before Setup they could come back, after the copy stores through
/// them would be lost. Other address spaces hear of a page that they share by one of cause <see cref="InvalidationCause.Clear"/>.
/// </para>
/// <para>
/// References: the migration holds one of each source and one of each destination; the entry that is replaced gives its own back, a
/// migration entry has none, and the entry that comes back gets one. Departure: Linux takes the CPU's entries away in Setup for good; here
/// loads may go on until MigratePages. Locking: the three steps are made by one thread, which holds page locks between the first and the last.
/// Source: Linux 7.0 mm/migrate_device.c, migrate_vma_setup, migrate_vma_pages, migrate_vma_finalize.
/// </para>
/// </remarks>
public sealed partial class MigrateVma : IPageMigration
{
    private readonly PageFrames _frames;
    private readonly PageMover _mover;
    private readonly HugePageMover _hugeMover;
    private readonly MigratePfn[] _source;
    private readonly MigratePfn[] _destination;

    // Indices of pages that entries at other places name, too: found by Setup, and again by Complete.
    private readonly List<int> _shared = [];
    private AddressSpace _mm;
    private AddressRange _range;
    private MigrateSelect _select;
    private object? _owner;
    private FrameNumber? _faultPage;
    private Stage _stage;
    private bool _isLocked;
    private bool _isAliasable;

    /// <summary>Makes a migration that can be used again and again, for one address space.</summary>
    /// <param name="mm">The address space.</param>
    /// <param name="capacity">Most pages that are moved at once: at least 1.</param>
    public MigrateVma(AddressSpace mm, int capacity)
        : this(FramesOf(mm), capacity) => _mm = mm;

    /// <summary>Makes a migration that can be used again and again, for one address space after another.</summary>
    /// <param name="frames">The frames of all of them.</param>
    /// <param name="capacity">Most pages that are moved at once: at least 1.</param>
    public MigrateVma(PageFrames frames, int capacity)
    {
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        _mm = null!;
        _frames = frames;
        _mover = new PageMover(frames);
        _hugeMover = new HugePageMover(frames, _mover);
        _source = new MigratePfn[capacity];
        _destination = new MigratePfn[capacity];
    }

    private enum Stage : byte
    {
        Idle,
        SetUp,
        Moved,
    }

    /// <summary>Most pages that are moved at once.</summary>
    public int Capacity => _source.Length;

    /// <summary>The pages of the migration that runs, or of the last one.</summary>
    public AddressRange Range => _range;

    /// <summary>The pages of the range, in order: what is still to be moved, and after <see cref="Complete"/> what was moved.</summary>
    public ReadOnlySpan<MigratePfn> Source => _source.AsSpan(0, PageCount);

    /// <summary>Where each page goes: filled by the caller between <see cref="Setup(AddressRange, object?, MigrateSelect, FrameNumber?)"/> and <see cref="MigratePages"/>; 0 for nowhere.</summary>
    /// <remarks>
    /// A frame of the system from <see cref="PageFrames.TryAllocate"/> or one of a device from <see cref="DevicePagemap.Begin"/>, or a huge
    /// page from <see cref="PageFrames.TryAllocateHuge"/> or <see cref="DevicePagemap.BeginHuge"/>. It has one reference, which is the migration's from then on: what it does not need it frees.
    /// </remarks>
    public Span<MigratePfn> Destination => _destination.AsSpan(0, PageCount);

    /// <summary>Number of pages that <see cref="Setup(AddressRange, object?, MigrateSelect, FrameNumber?)"/> has collected, a huge page as one. Source: Linux cpages of struct migrate_vma.</summary>
    public int Collected { get; private set; }

    private int PageCount => (int)_range.PageCount;

    private CpuPageTable Table => _mm.PageTable;

    /// <summary>Collects the pages of a range that can be moved, and stops the CPU's stores to them.</summary>
    /// <param name="range">Page-aligned, not empty, at most <see cref="Capacity"/> pages.</param>
    /// <param name="owner">
    /// Whose own mirror may skip the invalidation, and whose pages in device memory are collected: <see cref="DevicePagemap.Owner"/>, or one
    /// device of several that share an owner: its <see cref="IDevicePagemapOwner"/>. Null for nobody's.
    /// </param>
    /// <param name="select">Which pages are collected. In anonymous memory a page of which nothing is there always is, and that of a memory object, which may begin on a device only.</param>
    /// <param name="faultPage">
    /// The frame of the page that the CPU has touched (<see cref="DeviceFault"/>): who asks holds its page lock, and keeps it, and a reference.
    /// </param>
    /// <returns>
    /// EINVAL: the range is not in one mapping, the mapping is special, or <paramref name="faultPage"/> is not a locked page of a device's
    /// private memory.
    /// Else None, and <see cref="Complete"/> must follow, be it that no page was collected.
    /// </returns>
    /// <exception cref="ArgumentException">The range is empty, unaligned or too long.</exception>
    /// <exception cref="InvalidOperationException">The last migration was not completed.</exception>
    /// <remarks>
    /// Locking: the mmap lock is held, shared is enough, and may be released afterwards; no lock from the page locks on but that of
    /// <paramref name="faultPage"/>. Opens invalidations, which have ended on return.
    /// </remarks>
    public Errno Setup(
        AddressRange range, object? owner, MigrateSelect select = MigrateSelect.System, FrameNumber? faultPage = null) =>
        Setup(_mm ?? throw new InvalidOperationException("The migration is of no address space."), range, owner, select, faultPage);

    /// <summary>As <see cref="Setup(AddressRange, object?, MigrateSelect, FrameNumber?)"/>, in an address space of the same frames.</summary>
    /// <exception cref="ArgumentException">As there, or the address space has other frames.</exception>
    public Errno Setup(
        AddressSpace mm, AddressRange range, object? owner, MigrateSelect select = MigrateSelect.System, FrameNumber? faultPage = null)
    {
        ArgumentNullException.ThrowIfNull(mm);
        Require(_stage == Stage.Idle);
        if (!range.IsPageAligned || range.IsEmpty || range.PageCount > (ulong)Capacity)
        {
            throw new ArgumentException($"{range} is not one to {Capacity} whole pages.", nameof(range));
        }

        if (mm.Frames != _frames)
        {
            throw new ArgumentException("The address space has other frames.", nameof(mm));
        }

        if (mm.VmaAt(range.Start) is not { IsSpecial: false } vma || !vma.Range.Contains(range) ||
            (faultPage is { } fault && !(_frames.IsDevicePrivate(fault) && _frames.IsLocked(fault))))
        {
            return Errno.EINVAL;
        }

        _mm = mm;
        _range = range;
        _owner = owner;
        _isAliasable = vma.IsAliasable;
        _select = vma.IsAnonymous ? select : select & ~MigrateSelect.Compound;
        _faultPage = faultPage;
        _stage = Stage.SetUp;
        Collected = 0;
        _shared.Clear();
        _source.AsSpan(0, PageCount).Clear();
        _destination.AsSpan(0, PageCount).Clear();
        Collect(vma.MayLiveOnDevice ? MigratePfn.Hole : default);

        return Errno.None;
    }

    /// <summary>Takes the pages that move from the CPU: on return no access of it completes through an old translation.</summary>
    /// <returns>Number of pages that still move.</returns>
    /// <exception cref="InvalidOperationException">Not after <see cref="Setup(AddressRange, object?, MigrateSelect, FrameNumber?)"/>.</exception>
    /// <remarks>
    /// Where nothing was, the new page is entered here, in an invalidation that reaches every mirror; the CPU may use it at once.
    /// Locking: no lock but page locks is needed; no lock from the CPU page table on may be held.
    /// </remarks>
    public int MigratePages()
    {
        Require(_stage == Stage.SetUp);
        _stage = Stage.Moved;
        int left = 0;
        for (ulong start = _range.Start, end; start < _range.End.Value; start = end)
        {
            end = Math.Min(CpuPageTable.LeafEnd(start), _range.End);
            left += DetachPages(LeafOf(start), start, end);
        }

        foreach (int index in _shared)
        {
            if (_source[index].Migrates && !Breaks.DetachAfterVisible)
            {
                _mover.Detach(_source[index].Frame, PlaceOf(index));
            }
        }

        return left + FillHoles();
    }

    /// <summary>Ends the migration: every page has an entry again, unless it was unmapped, and whoever waits for it goes on.</summary>
    /// <returns>Number of pages that have moved. Without <see cref="MigratePages"/> before, none: all is as it was.</returns>
    /// <exception cref="InvalidOperationException">Not after <see cref="Setup(AddressRange, object?, MigrateSelect, FrameNumber?)"/>.</exception>
    /// <remarks>Locking: as <see cref="MigratePages"/>; on return no page lock is held but that of the faulting page.</remarks>
    public int Complete()
    {
        Require(_stage != Stage.Idle);
        if (_stage == Stage.SetUp)
        {
            foreach (ref MigratePfn source in _source.AsSpan(0, PageCount))
            {
                source = source.Staying();
            }
        }

        int moved = 0;
        for (ulong start = _range.Start, end; start < _range.End.Value; start = end)
        {
            end = Math.Min(CpuPageTable.LeafEnd(start), _range.End);
            moved += EnterPages(LeafOf(start), start, end);
        }

        if (_isLocked)
        {
            _isLocked = false;
            HeldLocks.Release(this);
        }

        _stage = Stage.Idle;
        return moved;
    }

    private static PageFrames FramesOf(AddressSpace mm)
    {
        ArgumentNullException.ThrowIfNull(mm);
        return mm.Frames;
    }

    /// <summary>Refuses steps in any other order.</summary>
    internal static void Require(bool isInOrder)
    {
        if (!isInOrder)
        {
            throw new InvalidOperationException("The steps of a migration are Setup, MigratePages, Complete.");
        }
    }

    /// <summary>The leaf of an address; one without entries where there is none any more, since all was unmapped.</summary>
    private CpuLeaf LeafOf(ulong address) => Table.Find(address) ?? new CpuLeaf();

    private FrameMapping PlaceOf(int index) => _mm.MappingOf(_range.Start + ((ulong)index << Page.Shift));

    private ref MigratePfn SourceAt(ulong page) => ref _source[IndexOf(page)];

    private static int PagesOf(ulong start, ulong end) => (int)((end - start) >> Page.Shift);

    private int IndexOf(ulong page) => (int)((page - _range.Start.Value) >> Page.Shift);
}
