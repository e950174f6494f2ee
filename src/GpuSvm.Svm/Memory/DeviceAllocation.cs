namespace GpuSvm.Svm;

/// <summary>Pages of a device's memory that were taken together, for neighbouring pages of one address space.</summary>
/// <remarks>
/// It may hold a part of a range only, in several blocks. Its pages leave one by one; when the last has left it is released, once.
/// Source: Linux struct drm_gpusvm_devmem.
/// </remarks>
public sealed class DeviceAllocation
{
    private DeviceBlock[] _blocks = [];
    private int _isReleased;

    internal DeviceAllocation(AddressRange range, long request)
    {
        Range = range;
        Request = request;
        Zone = new ZoneDeviceData(this);
        Place = new LinkedListNode<DeviceAllocation>(this);
    }

    /// <summary>The addresses that the pages were taken for; by now they may have been moved, shared or unmapped.</summary>
    public AddressRange Range { get; }

    /// <summary>Until when a page stays though the CPU touches it; <c>default</c> where it leaves at once.</summary>
    /// <remarks>Eviction goes by other rules. Source: Linux struct drm_pagemap_devmem, timeslice_expiration.</remarks>
    public Deadline TimesliceEnd { get; internal set; }

    /// <summary>What was taken; pages that have left count still.</summary>
    /// <remarks>Grows only until the migration that makes the allocation has ended.</remarks>
    public IReadOnlyList<DeviceBlock> Blocks => SharedWord.Read(ref _blocks);

    /// <summary>Number of pages that live there now.</summary>
    public int PageCount => Zone.References;

    /// <summary>True once all pages have left.</summary>
    public bool IsReleased => SharedWord.Read(ref _isReleased) != 0;

    internal ZoneDeviceData Zone { get; }

    /// <summary>Number of the request that has brought the pages.</summary>
    internal long Request { get; }

    /// <summary>Where it stands in the order of an eviction policy. Under the lock of the device's memory.</summary>
    internal LinkedListNode<DeviceAllocation> Place { get; }

    /// <summary>When it was used last, on the clock of its eviction policy. Under the lock of the device's memory.</summary>
    internal long LastUse { get; set; }

    /// <summary>Notes a block; by the one thread that makes the allocation.</summary>
    internal void Add(DeviceBlock block) => SharedWord.Write(ref _blocks, [.. _blocks, block]);

    internal void MarkReleased() => SharedWord.Write(ref _isReleased, 1);
}
