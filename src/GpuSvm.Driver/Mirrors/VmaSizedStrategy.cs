namespace GpuSvm.Driver;

/// <summary>One lasting interval for each piece of a mapping: made by the first fault, cut by what is unmapped, removed with deferral.</summary>
/// <remarks>
/// <para>
/// An interval covers as much of the mapping around the faulting page as its nearest neighbours leave, so intervals are disjoint. A
/// callback drops the GPU's entries and, for what is unmapped, shrinks the interval, splits it, or takes it out; all that is put off
/// until the invalidations that run have ended. Until then invalidations reach the old interval and drop by its old range.
/// </para>
/// <para>
/// A fault may hold an interval that leaves or shrinks meanwhile. That is no error by construction: the notifier confirms no read any
/// more once it was removed, and a fault looks under the update lock whether the interval still guards what it is about to map. Disposing
/// removes every interval and waits until no callback can come: see <see cref="IntervalNotifiers.Synchronize"/>.
/// </para>
/// <para>
/// Source: "nouveau: use new mmu interval notifiers" (R. Campbell, 2020), with what its review asks for; docs/departures.md, P01 to P06.
/// </para>
/// </remarks>
public sealed class VmaSizedStrategy : IMirrorStrategy, IMirror
{
    private readonly AddressSpace _mm;
    private readonly GpuMirror _mirror;
    private CallbackCounts _callbacks;
    private int _intervals;

    /// <summary>Starts to mirror an address space.</summary>
    /// <param name="mm">The process's address space.</param>
    /// <param name="mirror">The GPU's entries for it.</param>
    public VmaSizedStrategy(AddressSpace mm, GpuMirror mirror)
    {
        ArgumentNullException.ThrowIfNull(mm);
        ArgumentNullException.ThrowIfNull(mirror);
        _mm = mm;
        _mirror = mirror;
    }

    /// <inheritdoc/>
    public string Name => "vma-sized";

    /// <inheritdoc/>
    public MirrorStatistics Statistics
    {
        get
        {
            using (UpdateLock.Enter())
            {
                return _callbacks.With(Intervals, Intervals * CallbackCounts.BytesPerInterval);
            }
        }
    }

    /// <summary>Number of intervals, until they are released.</summary>
    public int Intervals => SharedWord.Read(ref _intervals);

    /// <inheritdoc/>
    public RankedLock UpdateLock => _mirror.UpdateLock;

    /// <inheritdoc/>
    public object? Owner => _mirror;

    /// <inheritdoc/>
    public Errno TryAcquire(AddressRange wanted, int worker, out MirrorInterval interval)
    {
        VirtualAddress page = wanted.Start;
        using (UpdateLock.Enter())
        {
            if (TryFind(page, out interval))
            {
                return Errno.None;
            }
        }

        // Only now is the mapping of interest; with the mmap lock held nothing is unmapped until the interval is there.
        using (_mm.MmapLock.EnterShared())
        {
            if (_mm.VmaAt(page) is not { } vma)
            {
                return Errno.EFAULT;
            }

            var notifier = new IntervalNotifier(this);
            using (UpdateLock.Enter())
            {
                return TryFind(page, out interval) ? Errno.None : Insert(notifier, vma.Range, page, out interval);
            }
        }
    }

    /// <inheritdoc/>
    public void Release(in MirrorInterval interval)
    {
        // It lasts. A fault needs no hold on it: see the remarks on the class.
    }

    /// <inheritdoc/>
    public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        if (_mirror.IsOwn(invalidation))
        {
            // The driver moves these pages itself, and has dropped their entries before.
            _callbacks.Add();
            return true;
        }

        _callbacks.Add(_mirror.Drop(invalidation.Range.Intersect(notifier.EnteredRange), invalidation.Cause));
        if (invalidation.Cause is InvalidationCause.Unmap or InvalidationCause.Release && !notifier.IsRemoved)
        {
            Cut(notifier, invalidation.Range);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Released(IntervalNotifier notifier) => SharedWord.Add(ref _intervals, -1);

    /// <summary>Stops mirroring; waits until no callback runs or can come.</summary>
    public void Dispose()
    {
        using (UpdateLock.Enter())
        {
            // First the entries: what no interval guards must not stay mapped, not even while this lock is held.
            var rest = new AddressRange(0UL, ulong.MaxValue);
            _mirror.Drop(rest);
            while (_mm.Notifiers.TryFind(this, rest, out IntervalNotifier? notifier))
            {
                rest = new AddressRange(notifier.Range.End, rest.End);
                _mm.Notifiers.RemoveDeferred(notifier);
            }
        }

        _mm.Notifiers.Synchronize();
        Checks.That(Intervals == 0, "Once deferred removals are waited for no interval is left.");
    }

    private bool TryFind(VirtualAddress page, out MirrorInterval interval)
    {
        bool isFound = _mm.Notifiers.TryFind(this, AddressRange.PageAt(page), out IntervalNotifier? notifier);
        interval = isFound ? new MirrorInterval(notifier!, notifier!.Range) : default;
        return isFound;
    }

    /// <summary>Inserts an interval from the nearest neighbour below to the nearest above, or to the ends of the mapping.</summary>
    private Errno Insert(IntervalNotifier notifier, AddressRange mapping, VirtualAddress page, out MirrorInterval interval)
    {
        VirtualAddress start = mapping.Start;
        VirtualAddress end = mapping.End;
        if (_mm.Notifiers.TryFindLast(this, new AddressRange(start, page), out IntervalNotifier? below))
        {
            start = below.Range.End;
        }

        if (_mm.Notifiers.TryFind(this, new AddressRange(page, end), out IntervalNotifier? above))
        {
            end = above.Range.Start;
        }

        var range = new AddressRange(start, end);
        interval = new MirrorInterval(notifier, range);
        return Insert(notifier, range);
    }

    private Errno Insert(IntervalNotifier notifier, AddressRange range)
    {
        Errno error = _mm.Notifiers.Insert(notifier, range);
        if (error == Errno.None)
        {
            SharedWord.Add(ref _intervals, 1);
        }

        return error;
    }

    /// <summary>Takes a hole out of an interval: one, two or no pieces remain.</summary>
    private void Cut(IntervalNotifier notifier, AddressRange hole)
    {
        AddressRange piece = notifier.Range;
        if (!piece.Overlaps(hole))
        {
            // It was shrunk by an earlier invalidation, which is still under way.
            return;
        }

        (AddressRange left, AddressRange right) = PiecesBeside(hole, piece);
        if (left.IsEmpty && right.IsEmpty)
        {
            _mm.Notifiers.RemoveDeferred(notifier);
            return;
        }

        _mm.Notifiers.Resize(notifier, left.IsEmpty ? right : left);
        if (!left.IsEmpty && !right.IsEmpty && Insert(new IntervalNotifier(this), right) != Errno.None)
        {
            // The address space ends. What no interval guards must not stay mapped; a fault would bring it back.
            _mirror.Drop(right);
        }
    }

    /// <summary>What remains of a piece below and above a hole that overlaps it; either may be empty.</summary>
    internal static (AddressRange Left, AddressRange Right) PiecesBeside(AddressRange hole, AddressRange piece) =>
    (
        piece.Start < hole.Start ? new AddressRange(piece.Start, hole.Start) : default,
        hole.End < piece.End ? new AddressRange(hole.End, piece.End) : default);
}
