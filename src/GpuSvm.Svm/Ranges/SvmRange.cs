namespace GpuSvm.Svm;

/// <summary>
/// Consecutive pages that the device maps together: one aligned chunk inside one mapping, found again by any of its addresses.
/// </summary>
/// <remarks>
/// Locking: what can change is guarded by the space's notifier lock, the references are not. Source: Linux struct drm_gpusvm_range.
/// </remarks>
public sealed class SvmRange
{
    private MappedBlock[] _blocks = [];
    private int _blockCount;
    private Protection _rights;
    private int _openPasses;
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

    /// <summary>True once the CPU has unmapped some of it: its pages are not got any more (EFAULT), it is to be removed.</summary>
    public bool IsUnmapped { get; private set; }

    /// <summary>True if then a part of it stayed mapped.</summary>
    public bool IsPartiallyUnmapped { get; private set; }

    /// <summary>True once it was removed from its space.</summary>
    public bool IsRemoved { get; internal set; }

    /// <summary>True if pages of it are mapped for the device, be they valid or about to be unmapped.</summary>
    public bool HasMapping => _blockCount > 0;

    /// <summary>True if some of the mapped pages lie in the device's memory.</summary>
    public bool HasDevicePages { get; private set; }

    /// <summary>What the device may do with the pages; none while they are not valid.</summary>
    public Protection Rights => ArePagesCurrent ? _rights : Protection.None;

    /// <summary>Where the pages are, in order of address; together they are the range. Empty while they are not valid.</summary>
    /// <remarks>Locking: the notifier lock is held as long as the blocks are looked at.</remarks>
    public ReadOnlySpan<MappedBlock> Blocks
    {
        get
        {
            AssertLocked();
            return ArePagesCurrent ? _blocks.AsSpan(0, _blockCount) : [];
        }
    }

    internal IntervalHandle Handle { get; set; }

    /// <summary>True if nothing may be mapped for it any more.</summary>
    internal bool IsGone => IsUnmapped || IsRemoved;

    private bool ArePagesCurrent => _blockCount > 0 && _openPasses == 0;

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
        IsUnmapped = true;
        IsPartiallyUnmapped |= !unmapped.Contains(Range);
    }

    /// <summary>True if the device may map the pages with some rights.</summary>
    internal bool ArePagesValid(Protection rights)
    {
        AssertLocked();
        return ArePagesCurrent && (_rights & rights) == rights;
    }

    /// <summary>The array for new blocks: the range's own if it is not in use and large enough, else the other if that is.</summary>
    internal MappedBlock[]? RoomFor(int blocks, MappedBlock[] other)
    {
        AssertLocked();
        return !HasMapping && _blocks.Length >= blocks ? _blocks : other.Length >= blocks ? other : null;
    }

    internal void SetMapping(MappedBlock[] blocks, int count, Protection rights, bool hasDevicePages)
    {
        AssertLocked();
        Checks.That(!HasMapping, "Pages of a range are mapped once.");
        Checks.That(_openPasses == 0, "A mapping is made only where no invalidation runs that has told the notifier.");
        _blocks = blocks;
        _blockCount = count;
        _rights = rights;
        HasDevicePages = hasDevicePages;
    }

    /// <summary>Forgets the mapping; the array stays for the next.</summary>
    /// <returns>What is to be unmapped, in the range's array.</returns>
    internal ReadOnlySpan<MappedBlock> TakeMapping()
    {
        AssertLocked();
        Span<MappedBlock> taken = _blocks.AsSpan(0, _blockCount);
        _blockCount = 0;
        HasDevicePages = false;
        return taken;
    }

    /// <summary>
    /// An invalidation has told the notifier: the pages are no longer valid, and unmapped when the device has been waited for.
    /// </summary>
    internal void BeginPass()
    {
        AssertLocked();
        _openPasses++;
    }

    /// <summary>Such an invalidation has been waited for.</summary>
    /// <returns>True if there is no other, so that the pages can be unmapped.</returns>
    /// <remarks>A range that was inserted between the two passes has none open, nor a mapping.</remarks>
    internal bool EndPass()
    {
        AssertLocked();
        _openPasses = Math.Max(_openPasses - 1, 0);
        return _openPasses == 0;
    }

    private void AssertLocked() => Notifier.Space.NotifierLock.AssertHeld();
}
