using System.Numerics;

namespace GpuSvm.Svm;

/// <summary>How a device's memory is used.</summary>
public sealed record DeviceMemoryOptions
{
    /// <summary>
    /// Pages that come home together when the CPU touches one: 1 to 512, a power of two. The aligned block of so many around it, as far as they
    /// are of the same mapping and allocation. A huge page always comes home whole.
    /// </summary>
    public int ReadAroundPages { get; init; } = 16;

    /// <summary>
    /// The frame by which the CPU reaches the memory's page 0, a multiple of 512; the others follow. Null, the default, where it cannot: then
    /// a page that lives there comes home by touch.
    /// </summary>
    public FrameNumber? CoherentAt { get; init; }

    /// <summary>Other devices that map pages of this memory where they are, as this one does with theirs; null for none.</summary>
    public DevicePeers? Peers { get; init; }

    /// <summary>How often an allocation is tried to be emptied before it counts as busy: at least 1.</summary>
    /// <remarks>Source: Linux drm_gpusvm_evict_to_ram, which tries three times.</remarks>
    public int EvictionTries { get; init; } = 3;

    /// <summary>The time that timeslices are measured with.</summary>
    public Clock Clock { get; init; } = Clock.Monotonic;

    /// <summary>Most pages that hold data at once, at least 1; null for all that the device has.</summary>
    /// <remarks>For a device whose page tables need room in the same memory.</remarks>
    public ulong? PageLimit { get; init; }

    /// <summary>Makes what says which allocation leaves when others need room; null when nothing leaves for others.</summary>
    public Func<IEvictionPolicy>? Eviction { get; init; } = EvictionPolicies.ScanResistant;

    /// <summary>Where pages that have become free are given back; null to do so when memory is asked for next, or <see cref="DeviceMemory.Reclaim"/>.</summary>
    /// <remarks>Outlives the device's memory.</remarks>
    public WorkQueue? Releases { get; init; }

    /// <summary>Where migrations are told; null for nowhere.</summary>
    public EventStream? Events { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ReadAroundPages, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ReadAroundPages, HugePage.PageCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(EvictionTries, 1);
        ArgumentNullException.ThrowIfNull(Clock);
        ArgumentOutOfRangeException.ThrowIfZero(PageLimit ?? 1, nameof(PageLimit));
        if (!BitOperations.IsPow2(ReadAroundPages))
        {
            throw new ArgumentOutOfRangeException(nameof(ReadAroundPages), ReadAroundPages, "The number of pages is a power of two.");
        }
    }
}
