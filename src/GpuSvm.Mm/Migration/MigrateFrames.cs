namespace GpuSvm.Mm;

/// <summary>Moves pages that are known by their frames alone, wherever they are mapped: so a device's memory is emptied.</summary>
/// <remarks>
/// The three steps are those of <see cref="MigrateVma"/>, without a mapping and without the mmap lock. Mirrors of all address spaces that
/// map a page hear of an invalidation of cause <see cref="InvalidationCause.Clear"/>, that of the device itself, too. A page that is free,
/// locked, being moved already, or that someone else refers to drops out at Setup: who must have it gone tries again. A huge page moves as
/// one, as with <see cref="MigrateSelect.Compound"/>, if all of its frames are given one behind the other; else it is split.
/// Locking: the three steps are made by one thread, which holds page locks between the first and the last; no lock from the page locks on
/// is held before. Source: Linux 7.0 mm/migrate_device.c, migrate_device_range, migrate_device_pfns, migrate_device_pages,
/// migrate_device_finalize.
/// </remarks>
public sealed partial class MigrateFrames : IPageMigration
{
    private readonly PageFrames _frames;
    private readonly PageMover _mover;
    private readonly HugePageMover _hugeMover;
    private readonly MigratePfn[] _source;
    private readonly MigratePfn[] _destination;
    private int _count;
    private Stage _stage;
    private bool _isLocked;

    /// <summary>Makes a migration that can be used again and again.</summary>
    /// <param name="frames">The frames.</param>
    /// <param name="capacity">Most pages that are moved at once: at least 1.</param>
    public MigrateFrames(PageFrames frames, int capacity)
    {
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
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

    /// <summary>The pages, in the order in which they were given: what is still to be moved, and after <see cref="Complete"/> what was.</summary>
    public ReadOnlySpan<MigratePfn> Source => _source.AsSpan(0, _count);

    /// <summary>Where each page goes, as <see cref="MigrateVma.Destination"/>.</summary>
    public Span<MigratePfn> Destination => _destination.AsSpan(0, _count);

    /// <summary>Number of pages that Setup has collected.</summary>
    public int Collected { get; private set; }

    /// <summary>Collects those of consecutive frames that can be moved, and stops the CPU's stores to them.</summary>
    /// <param name="first">The first frame.</param>
    /// <param name="count">Number of frames: 1 to <see cref="Capacity"/>.</param>
    /// <returns><see cref="Collected"/>; <see cref="Complete"/> must follow, be it 0.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Too many, or there is no such frame.</exception>
    /// <exception cref="InvalidOperationException">The last migration was not completed.</exception>
    public int Setup(FrameNumber first, int count)
    {
        Begin(count);
        for (int i = 0; i < count; i++)
        {
            _source[i] = MigratePfn.Of(first + (ulong)i);
        }

        return Collect();
    }

    /// <summary>Collects those of some frames that can be moved, and stops the CPU's stores to them.</summary>
    /// <param name="frames">1 to <see cref="Capacity"/> frames, each once.</param>
    /// <returns><see cref="Collected"/>; <see cref="Complete"/> must follow, be it 0.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Too many, or there is no such frame.</exception>
    /// <exception cref="InvalidOperationException">The last migration was not completed.</exception>
    public int Setup(ReadOnlySpan<FrameNumber> frames)
    {
        Begin(frames.Length);
        for (int i = 0; i < frames.Length; i++)
        {
            _source[i] = MigratePfn.Of(frames[i]);
        }

        return Collect();
    }

    /// <summary>Takes the pages that move from the CPU: on return no access of it completes through an old translation.</summary>
    /// <returns>Number of pages that still move.</returns>
    /// <exception cref="InvalidOperationException">Not after Setup.</exception>
    public int MigratePages()
    {
        MigrateVma.Require(_stage == Stage.SetUp);
        _stage = Stage.Moved;
        int left = 0;
        for (int i = 0, pages; i < _count; i += pages)
        {
            PartForDestination(i);
            ref MigratePfn source = ref _source[i];
            pages = source.PageCount;
            if (!source.Migrates || !_frames.MayMove(source, _destination[i]))
            {
                source = source.Staying();
                continue;
            }

            if (!Breaks.DetachAfterVisible)
            {
                _mover.Detach(source.Frame, null);
            }

            if (source.IsCompound && !_frames.IsHuge(source.Frame))
            {
                // Split just now, and maybe not all of it was taken: once more, page by page.
                pages = 0;
                continue;
            }

            left++;
        }

        return left;
    }

    /// <summary>Ends the migration: every page has its entries again, unless it was unmapped, and whoever waits for it goes on.</summary>
    /// <returns>Number of pages that have moved. Without <see cref="MigratePages"/> before, none: all is as it was.</returns>
    /// <exception cref="InvalidOperationException">Not after Setup.</exception>
    public int Complete()
    {
        MigrateVma.Require(_stage != Stage.Idle);
        int moved = 0;
        for (int i = 0; i < _count; i += _source[i].IsCompound && _destination[i].IsCompound ? HugePage.PageCount : 1)
        {
            _source[i] = _stage == Stage.Moved ? _source[i] : _source[i].Staying();
            if (_source[i].IsValid)
            {
                CompletePage(i);
                moved += _source[i].Migrates ? 1 : 0;
            }
            else
            {
                _mover.GiveUp(_destination[i]);
            }
        }

        if (_isLocked)
        {
            _isLocked = false;
            HeldLocks.Release(this);
        }

        _stage = Stage.Idle;
        return moved;
    }

    private void Begin(int count)
    {
        MigrateVma.Require(_stage == Stage.Idle);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Capacity);
        _count = count;
        Collected = 0;
        _destination.AsSpan(0, count).Clear();
    }

    private int Collect()
    {
        for (int i = 0; i < _count; i += IsWhole(i) ? HugePage.PageCount : 1)
        {
            // Throws for a frame that does not exist, before anything has changed.
            _ = _frames.ReferenceCount(_source[i].Frame);
        }

        _stage = Stage.SetUp;
        for (int i = 0; i < _count; i++)
        {
            FrameNumber frame = _source[i].Frame;
            bool isWhole = IsWhole(i);
            if (!isWhole && _frames.IsHuge(frame))
            {
                Split(frame);
            }

            bool isCollected = isWhole ? TryCollectHuge(frame) : TryCollect(frame);
            MigratePfn page = isCollected ? _source[i].Moving() : default;
            Collected += isCollected ? 1 : 0;
            if (isWhole)
            {
                _source.AsSpan(i, HugePage.PageCount).Clear();
                _source[i] = isCollected ? page.AsCompound() : default;
                i += HugePage.PageCount - 1;
            }
            else
            {
                _source[i] = page;
            }
        }

        _isLocked = Checks.Enabled && Collected > 0;
        if (_isLocked)
        {
            // All page locks count as one, taken by trylock.
            HeldLocks.AcquireTried(this, LockRank.Page);
        }

        return Collected;
    }

    private void CompletePage(int index)
    {
        ref MigratePfn source = ref _source[index];
        FrameNumber frame = source.Frame;
        if (source.IsCompound && TryCompleteHuge(index))
        {
            return;
        }

        source = _mover.Complete(source, _destination[index], watched: null);
        _frames.UnlockMigrated(frame);
        _frames.Put(frame);
    }

    private bool TryCollect(FrameNumber frame)
    {
        if (frame == _frames.ZeroFrame || !_frames.TryGet(frame))
        {
            return false;
        }

        if (!_frames.IsHuge(frame) && _frames.TryLockForMigration(frame))
        {
            if (_frames.MapCount(frame) > 0 && _mover.TryUnmap(frame, otherReferences: 0))
            {
                return true;
            }

            _mover.Restore(frame, frame);
            _frames.UnlockMigrated(frame);
        }

        _frames.Put(frame);
        return false;
    }
}
