using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Svm;

/// <summary>What one device mirrors of one address space: ranges, made where it faults, in notifiers of fixed size.</summary>
/// <remarks>
/// <para>
/// A fault finds or makes a range (<see cref="FindOrInsert"/>), gets its pages (<see cref="GetPages"/>), and under
/// <see cref="NotifierLock"/> enters them into the device's page table if they still are valid (<see cref="ArePagesValid"/>). An
/// invalidation drops the device's entries through <see cref="ISvmRangeOwner"/> and makes the blocks that it touches invalid; they are
/// unmapped for DMA once the device was waited for, whoever forgets to. All other blocks stay, and the next fault brings in what is missing.
/// </para>
/// <para>
/// Locking: one lock for all notifiers, the update lock of them all. It guards which notifiers and ranges there are, the state of the
/// ranges, and the device's entries. All methods may be called by several threads at once; the driver needs no lock of its own for them.
/// Source: Linux drivers/gpu/drm/drm_gpusvm.c, struct drm_gpusvm.
/// </para>
/// </remarks>
public sealed partial class SvmSpace : ITwoPassMirror, IDisposable
{
    private readonly IntervalTree<SvmNotifier> _notifiers = new();

    /// <summary>The ranges by where and how large they are: one probe for each chunk size finds that of an address.</summary>
    private readonly Dictionary<ulong, SvmRange> _ranges = [];
    private readonly IDmaMapper _dma;
    private readonly SvmSpaceOptions _options;
    private readonly ulong[] _chunkSizes;
    private bool _isClosed;
    private int _marked;
    private long _made;
    private long _removed;

    private SvmSpace(AddressSpace mm, IDmaMapper dma, ISvmRangeOwner operations, SvmSpaceOptions options)
    {
        Mm = mm;
        _dma = dma;
        Operations = operations;
        _options = options;
        _chunkSizes = [.. options.ChunkSizes];
        NotifierLock = options.NotifierLock ?? new RankedLock(LockRank.Update);
    }

    /// <summary>The address space.</summary>
    public AddressSpace Mm { get; }

    /// <summary>Guards notifiers, ranges, the state of their pages, and the device's entries. Rank <see cref="LockRank.Update"/>.</summary>
    /// <remarks>
    /// The space's own, or that of its driver (<see cref="SvmSpaceOptions.NotifierLock"/>). Source: Linux drm_gpusvm, notifier_lock.
    /// </remarks>
    public RankedLock NotifierLock { get; }

    /// <inheritdoc/>
    RankedLock IMirror.UpdateLock => NotifierLock;

    /// <inheritdoc/>
    object? IMirror.Owner => Operations.Owner;

    /// <summary>Number of ranges.</summary>
    public int RangeCount
    {
        get
        {
            using (NotifierLock.Enter())
            {
                return _ranges.Count;
            }
        }
    }

    /// <summary>Number of notifiers.</summary>
    public int NotifierCount
    {
        get
        {
            using (NotifierLock.Enter())
            {
                return _notifiers.Count;
            }
        }
    }

    /// <summary>Number of ranges that were made so far, those included that took the place of one that was cut.</summary>
    public long RangesMade
    {
        get
        {
            using (NotifierLock.Enter())
            {
                return _made;
            }
        }
    }

    /// <summary>Number of ranges that were removed so far, those included that others took the place of.</summary>
    public long RangesRemoved
    {
        get
        {
            using (NotifierLock.Enter())
            {
                return _removed;
            }
        }
    }

    internal ISvmRangeOwner Operations { get; }

    /// <summary>Makes a space without ranges.</summary>
    /// <param name="mm">What the device mirrors.</param>
    /// <param name="dma">How the device reaches system memory.</param>
    /// <param name="operations">The driver's part.</param>
    /// <param name="options">Shape and limits.</param>
    /// <param name="space">The space; null on failure.</param>
    /// <returns>EINVAL if the options break one of their rules.</returns>
    /// <remarks>Source: Linux drm_gpusvm_init.</remarks>
    public static Errno TryCreate(
        AddressSpace mm, IDmaMapper dma, ISvmRangeOwner operations, SvmSpaceOptions options, [NotNullWhen(true)] out SvmSpace? space)
    {
        ArgumentNullException.ThrowIfNull(mm);
        ArgumentNullException.ThrowIfNull(dma);
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(options);
        Errno error = options.Validate();
        space = error == Errno.None ? new SvmSpace(mm, dma, operations, options) : null;
        return error;
    }

    /// <summary>True if some range shares a byte with <paramref name="part"/>.</summary>
    /// <remarks>Source: Linux drm_gpusvm_has_mapping.</remarks>
    public bool HasMapping(AddressRange part)
    {
        using (NotifierLock.Enter())
        {
            foreach (SvmNotifier notifier in _notifiers.Overlaps(part))
            {
                if (notifier.Ranges.TryFindFirst(part, out _))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>
    /// Finds the start of the first mapping of the CPU that shares a byte with <paramref name="part"/>; it may lie below that.
    /// </summary>
    /// <returns>False if there is none, or the address space has ended.</returns>
    /// <remarks>Locking: takes the mmap lock shared. Source: Linux drm_gpusvm_find_vma_start.</remarks>
    public bool TryFindVmaStart(AddressRange part, out VirtualAddress start)
    {
        using (Mm.MmapLock.EnterShared())
        {
            bool isFound = Mm.NextVma(part.Start) is { } vma && vma.Range.Overlaps(part);
            start = isFound ? Mm.NextVma(part.Start)!.Range.Start : default;
            return isFound;
        }
    }

    /// <summary>
    /// Ends the space: waits for invalidations that run, then removes all ranges and notifiers. A second call does nothing.
    /// </summary>
    /// <remarks>
    /// No callback reaches the driver afterwards, and no range is made any more (EFAULT). Locking: waits, so no lock from the page locks on
    /// may be held, and no lock that a callback takes; never from a callback. Source: Linux drm_gpusvm_fini.
    /// </remarks>
    public void Dispose()
    {
        using (NotifierLock.Enter())
        {
            if (_isClosed)
            {
                return;
            }

            // First, so that no invalidation meets ranges that go; what is in flight ends before they do.
            _isClosed = true;
            foreach (SvmNotifier notifier in _notifiers.All)
            {
                Mm.Notifiers.RemoveDeferred(notifier.Interval);
            }
        }

        Mm.Notifiers.Synchronize();
        while (TryTakeAny() is { } range)
        {
            range.Put();
        }
    }

    private SvmRange? TryTakeAny()
    {
        using (NotifierLock.Enter())
        {
            while (_notifiers.TryFindNext(0UL, out SvmNotifier? notifier))
            {
                if (notifier.Ranges.TryFindNext(0UL, out SvmRange? range))
                {
                    RemoveLocked(range);
                    return range;
                }

                _notifiers.Remove(notifier.Handle);
            }

            return null;
        }
    }
}
