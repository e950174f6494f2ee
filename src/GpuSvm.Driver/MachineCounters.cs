using GpuSvm.Driver;
using GpuSvm.Gpu;

namespace GpuSvm;

/// <summary>What a machine has counted since it was made.</summary>
/// <remarks>In sequential execution the same seed and program give the same numbers.</remarks>
public sealed record MachineCounters
{
    /// <summary>Fault entries that the driver read from the GPU's fault buffer.</summary>
    public required long Faults { get; init; }

    /// <summary>Faults for a page that another fault of the same batch named already.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Faults of pages that an earlier batch had mapped by the time they were served.</summary>
    public required long Covered { get; init; }

    /// <summary>Batches of faults that were served.</summary>
    public required long Batches { get; init; }

    /// <summary>Replays: signals to the GPU to try its parked accesses again.</summary>
    public required long Replays { get; init; }

    /// <summary>Faults that could not be served and ended their launch; those of accesses that no longer waited do not count.</summary>
    public required long Cancels { get; init; }

    /// <summary>Look-ups thrown away because the CPU changed the address space meanwhile.</summary>
    public required long Retries { get; init; }

    /// <summary>Times that the fault buffer was full.</summary>
    public required long Overflows { get; init; }

    /// <summary>4 KiB pages that were entered in the GPU's page tables, once each time.</summary>
    public required long PagesMapped { get; init; }

    /// <summary>4 KiB pages that were duplicated in the GPU's memory for reading, as <see cref="MemoryAdvice.ReadMostly"/> asks, each time.</summary>
    public required long DuplicatedPages { get; init; }

    /// <summary>Accesses of the GPU that found their translation in the multiprocessor's TLB.</summary>
    public required long TlbHits { get; init; }

    /// <summary>Accesses that did not.</summary>
    public required long TlbMisses { get; init; }

    /// <summary>Walks of the GPU's page tables.</summary>
    public required long Walks { get; init; }

    /// <summary>Changes of an address space that the GPU's page tables had to follow.</summary>
    public required long Invalidations { get; init; }

    /// <summary>Ranges, and pages that moved.</summary>
    public MigrationCounters Migration { get; init; } = new();

    /// <summary>Puts together what the parts of a machine have counted.</summary>
    /// <param name="gpu">The GPU's numbers.</param>
    /// <param name="svm">The driver.</param>
    public static MachineCounters Of(GpuCounters gpu, SvmDriver svm)
    {
        ArgumentNullException.ThrowIfNull(svm);
        DriverCounters driver = svm.Counters;
        return new MachineCounters
        {
            Faults = driver.Fetched,
            Duplicates = driver.Duplicates,
            Covered = driver.Covered,
            Batches = driver.Batches,
            Replays = driver.Replays,
            Cancels = driver.Cancels - gpu.StaleCancels,
            Retries = driver.Retries,
            Overflows = driver.Overflows,
            PagesMapped = driver.PagesMapped,
            DuplicatedPages = driver.DuplicatedPages,
            TlbHits = gpu.TlbHits,
            TlbMisses = gpu.TlbMisses,
            Walks = gpu.Walks,
            Invalidations = svm.Invalidations,
            Migration = svm.MigrationCounters,
        };
    }
}
