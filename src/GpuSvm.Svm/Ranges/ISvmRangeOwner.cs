namespace GpuSvm.Svm;

/// <summary>The driver's part of an <see cref="SvmSpace"/>: what it keeps for a range, and how the device's entries are dropped.</summary>
/// <remarks>Source: Linux struct drm_gpusvm_ops.</remarks>
public interface ISvmRangeOwner
{
    /// <summary>Who the device is, as <see cref="IMirror.Owner"/> says; null for nobody. Fixed.</summary>
    object? Owner => null;

    /// <summary>Makes what the driver keeps for a range.</summary>
    /// <param name="range">The range's addresses.</param>
    /// <param name="data">For <see cref="SvmRange.Data"/>; null for nothing.</param>
    /// <returns>An error ends the call that makes the range, which then has changed nothing.</returns>
    /// <remarks>
    /// Also asked for the ranges that a cut one becomes, whose blocks and entries then stay as they are (<see cref="SvmSpace.Collect"/>).
    /// Locking: the mmap lock is held shared. Source: Linux range_alloc.
    /// </remarks>
    Errno TryAllocate(AddressRange range, out object? data)
    {
        data = null;
        return Errno.None;
    }

    /// <summary>
    /// Frees what <see cref="TryAllocate"/> made: the last reference to the range is gone, or it was not needed after all.
    /// </summary>
    /// <remarks>Locking: by whoever puts the last reference, with his locks. Source: Linux range_free.</remarks>
    void Free(AddressRange range, object? data)
    {
    }

    /// <summary>Drops the device's entries for the part of a notifier that changes: first pass.</summary>
    /// <param name="notifier">The notifier that was reached.</param>
    /// <param name="invalidation">What changes; may reach beyond the notifier's range on both sides.</param>
    /// <returns>False only for an invalidation that may not wait, when the device would have to be waited for.</returns>
    /// <remarks>
    /// <para>
    /// Whatever the cause: the blocks that it touches count as invalid afterwards, and their DMA mappings are taken back after the second
    /// pass. So the entries to be dropped are those of <see cref="SvmNotifier.EntriesOf"/>; all others stay good.
    /// </para>
    /// <para>
    /// On <see cref="InvalidationCause.Unmap"/> the ranges that it touches (<see cref="SvmNotifier.RangesIn"/>) are marked
    /// (<see cref="SvmRange.SetUnmapped"/>) and noted here, each with a reference (<see cref="SvmRange.Get"/>), for a garbage collector
    /// that calls <see cref="SvmSpace.Collect"/> for each of them later and puts the reference. Faults don't need that to be right:
    /// <see cref="SvmSpace.FindOrInsert"/> collects a marked range that it meets.
    /// </para>
    /// Locking: the notifier lock is held; must not wait for another invalidation, nor call into Mm.
    /// </remarks>
    bool Invalidate(SvmNotifier notifier, in Invalidation invalidation);

    /// <summary>Second pass: returns when no access through an entry that the first pass dropped can complete any more.</summary>
    /// <remarks>Locking: no lock is held; waits for the device only. See <see cref="ITwoPassMirror.FinishInvalidation"/>.</remarks>
    void FinishInvalidation(SvmNotifier notifier, in Invalidation invalidation)
    {
    }

    /// <summary>
    /// Drops the device's entries for a part of a range; on return no access through one can complete any more, nor through one that a
    /// first pass has dropped there.
    /// </summary>
    /// <param name="range">The range.</param>
    /// <param name="part">Whole pages of it.</param>
    /// <remarks>
    /// Asked where DMA mappings are taken back though nothing is invalidated: more rights, <see cref="SvmSpace.UnmapPages"/>, removal,
    /// the end. Locking: the notifier lock is held; waits for the device only.
    /// </remarks>
    void DropEntries(SvmRange range, AddressRange part);
}
