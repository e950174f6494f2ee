namespace GpuSvm.Svm;

/// <summary>
/// Consecutive pages that the device maps together: one aligned chunk inside one mapping, found again by any of its addresses.
/// </summary>
/// <remarks>
/// Its pages are mapped in blocks, and each block is valid or not by itself: a change of some of the pages takes the blocks that it
/// touches, and the others stay mapped for the device. Locking: what can change is guarded by the space's notifier lock, the references
/// are not. Source: Linux struct drm_gpusvm_range, which is valid as a whole.
/// </remarks>
public sealed partial class SvmRange
{
    private int _references = 1;

    internal SvmRange(SvmNotifier notifier, AddressRange range, object? data, bool mayMigrate)
    {
        Notifier = notifier;
        Range = range;
        Data = data;
        MayMigrate = mayMigrate;
    }

    /// <summary>The notifier that it lies in.</summary>
    public SvmNotifier Notifier { get; }

    /// <summary>Its addresses: of one of the space's chunk sizes, and aligned to that.</summary>
    public AddressRange Range { get; }

    /// <summary>What the driver keeps for it (<see cref="ISvmRangeOwner.TryAllocate"/>).</summary>
    public object? Data { get; }

    /// <summary>True if it may be moved to the device's memory: it was made with that possible, in anonymous memory.</summary>
    public bool MayMigrate { get; }

    /// <summary>True once the CPU has unmapped some of it: it waits for <see cref="SvmSpace.Collect"/>.</summary>
    public bool IsUnmapped { get; private set; }

    /// <summary>True if then a part of it stayed mapped.</summary>
    public bool IsPartiallyUnmapped { get; private set; }

    /// <summary>True once it was removed from its space.</summary>
    public bool IsRemoved { get; private set; }

    /// <summary>
    /// True if the driver may have entered pages of it by itself, outside of its blocks: where the range goes they are dropped, too.
    /// </summary>
    /// <remarks>Locking: the notifier lock is held.</remarks>
    public bool HasLooseEntries { get; set; }

    internal IntervalHandle Handle { get; set; }

    /// <summary>True if nothing may be mapped for it any more.</summary>
    internal bool IsGone => IsRemoved || (IsUnmapped && (!IsPartiallyUnmapped || Notifier.Space.DropsCutRanges));

    /// <summary>Takes a reference: what the driver keeps for the range stays until it is put.</summary>
    /// <exception cref="InvalidOperationException">The last reference is gone.</exception>
    /// <remarks>Source: Linux drm_gpusvm_range_get.</remarks>
    public void Get()
    {
        if (SharedWord.Add(ref _references, 1) <= 1)
        {
            throw new InvalidOperationException("The last reference to the range is gone.");
        }
    }

    /// <summary>
    /// Drops a reference; the range itself holds one until it is removed. With the last one, the driver frees what it keeps.
    /// </summary>
    /// <exception cref="InvalidOperationException">The last reference is gone already.</exception>
    /// <remarks>Source: Linux drm_gpusvm_range_put.</remarks>
    public void Put()
    {
        int left = SharedWord.Add(ref _references, -1);
        if (left < 0)
        {
            throw new InvalidOperationException("The last reference to the range is gone already.");
        }

        if (left == 0)
        {
            Notifier.Space.Operations.Free(Range, Data);
        }
    }

    /// <summary>Notes that the CPU unmaps addresses, some of which are the range's.</summary>
    /// <param name="unmapped">What is unmapped.</param>
    /// <remarks>
    /// Locking: the notifier lock is held: called in <see cref="ISvmRangeOwner.Invalidate"/>. Source: Linux drm_gpusvm_range_set_unmapped.
    /// </remarks>
    public void SetUnmapped(AddressRange unmapped)
    {
        AssertLocked();
        Notifier.Space.CountMarked(IsUnmapped || IsRemoved ? 0 : 1);
        IsUnmapped = true;
        IsPartiallyUnmapped |= !unmapped.Contains(Range);
    }

    /// <summary>Notes that what was unmapped is mapped again, as one with the rest.</summary>
    internal void ClearUnmapped()
    {
        AssertLocked();
        Notifier.Space.CountMarked(IsUnmapped ? -1 : 0);
        IsUnmapped = false;
        IsPartiallyUnmapped = false;
    }

    /// <summary>Notes that it has left its space.</summary>
    internal void SetRemoved()
    {
        AssertLocked();
        Notifier.Space.CountMarked(IsUnmapped ? -1 : 0);
        IsRemoved = true;
    }

    private void AssertLocked() => Notifier.Space.NotifierLock.AssertHeld();
}
