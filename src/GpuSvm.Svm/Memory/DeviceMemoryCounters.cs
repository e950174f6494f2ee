namespace GpuSvm.Svm;

/// <summary>What has happened to the pages of a device's memory since it was made. A snapshot: exact while nothing runs.</summary>
public readonly record struct DeviceMemoryCounters
{
    /// <summary>Pages that have come to the device, those included of which nothing was there before.</summary>
    public long PagesToDevice { get; init; }

    /// <summary>Pages that have gone home because the CPU touched them, or one beside them.</summary>
    public long PagesHomeByFault { get; init; }

    /// <summary>Pages that have gone home because somebody asked for that (<see cref="DeviceMemory.MigrateToSystem"/>).</summary>
    public long PagesHomeByRequest { get; init; }

    /// <summary>Pages that have gone home because the memory was emptied.</summary>
    public long PagesEvicted { get; init; }

    /// <summary>Touches of the CPU on pages of the device.</summary>
    public long CpuFaults { get; init; }

    /// <summary>Pages that were collected to be moved and given a place, and dropped out: somebody was quicker.</summary>
    public long PagesRaced { get; init; }

    /// <summary>Moves that failed as a whole: a frame could not be mapped for DMA, or a copy failed.</summary>
    public long FailedMoves { get; init; }

    /// <summary>Allocations that were made.</summary>
    public long Allocations { get; init; }

    /// <summary>Allocations that were released.</summary>
    public long Releases { get; init; }

    /// <summary>Times that a page stayed because its timeslice had not ended, though the CPU had touched it.</summary>
    public long TimesliceRefusals { get; init; }

    /// <summary>Allocations that have left because others needed room.</summary>
    public long Evictions { get; init; }

    /// <summary>Allocations that were to leave and could not: somebody held a page, or there was no place for it at home.</summary>
    public long EvictionFailures { get; init; }

    /// <summary>Most pages that were taken from the device at once: never more than <see cref="DeviceMemory.PageLimit"/>.</summary>
    public long PeakPages { get; init; }
}
