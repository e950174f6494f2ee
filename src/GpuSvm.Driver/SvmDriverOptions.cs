namespace GpuSvm.Driver;

/// <summary>How a driver serves faults.</summary>
public sealed record SvmDriverOptions
{
    /// <summary>
    /// Whether the device shares the memory of processes. False where it cannot report replayable faults, or must not: nothing of it is
    /// touched then, and opening a client answers <see cref="Errno.ENOSYS"/>.
    /// </summary>
    public bool IsSvmEnabled { get; init; } = true;

    /// <summary>Most faults in one batch: 1 to 65536. 256 is the default of NVIDIA's UVM driver.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Most batches served for one interrupt before the servicer starts over: at least 1. Default as in UVM.</summary>
    public int MaxBatches { get; init; } = 20;

    /// <summary>When accesses that wait are told to try again. Default as in UVM.</summary>
    public ReplayPolicy ReplayPolicy { get; init; } = ReplayPolicy.BatchFlush;

    /// <summary>How much is cancelled with a fault that cannot be served.</summary>
    public CancelScope CancelScope { get; init; } = CancelScope.Fault;

    /// <summary>Number of times that a fault may run into the deadline before it is cancelled: at least 1.</summary>
    public int MaxDeferrals { get; init; } = 3;

    /// <summary>Number of fault entries in a row that may stay invalid until the deadline before the device counts as lost: at least 1.</summary>
    public int MaxLateEntries { get; init; } = 8;

    /// <summary>
    /// Number of times that a fault may come back, after a replay, to a page that is mapped with all that it asks for: at least 1. Then it
    /// is cancelled.
    /// </summary>
    public int MaxReturns { get; init; } = 8;

    /// <summary>How atomics reach pages of system memory.</summary>
    public SystemAtomics SystemAtomics { get; init; } = SystemAtomics.DeviceExclusive;

    /// <summary>Number of threads that serve the blocks of a batch at the same time, 1 to 16; inside an interrupt it is always one.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>The bound over all retries of one fault.</summary>
    public TimeSpan Timeout { get; init; } = Deadline.Default;

    /// <summary>The time that bounds are measured with.</summary>
    public Clock Clock { get; init; } = Clock.Monotonic;

    /// <summary>Where faults are served.</summary>
    public FaultServicing Servicing { get; init; } = FaultServicing.OnWorker;

    /// <summary>Most pages that one fault maps: 1 to 512, a power of two.</summary>
    /// <remarks>
    /// With more than one, a fault also maps what the CPU holds in the aligned block of so many pages around it, as far as the interval
    /// guards it (<see cref="MirrorInterval.Range"/>) and nothing is mapped there yet. Nothing but the page itself is faulted in.
    /// </remarks>
    public int PagesPerFault { get; init; } = 1;

    /// <summary>Makes the strategy by which each client's mirror hears of changes; <see cref="TableAlignedStrategy"/> unless set.</summary>
    /// <remarks>docs/mirror-strategies.md says why.</remarks>
    public Func<AddressSpace, GpuMirror, IMirrorStrategy> Strategy { get; init; } = MirrorStrategies.TableAligned;

    /// <summary>How ranges are made, for <see cref="SizedRangesStrategy"/>.</summary>
    public SvmRangeOptions Ranges { get; init; } = new();

    /// <summary>Whether pages of clients may live in the GPU's own memory; null, the default, if they may not.</summary>
    public DevicePagesOptions? DevicePages { get; init; }

    /// <summary>Where the driver writes what happens; null writes nothing.</summary>
    public EventStream? Events { get; init; }

    /// <summary>Fewest faults of a batch for each further worker that is woken: at least 1. For less waking takes longer than serving.</summary>
    public int FaultsPerHelper { get; init; } = 64;

    /// <summary>Number of workers that there are, as faults are served.</summary>
    internal int WorkersInUse => Servicing == FaultServicing.InInterrupt ? 1 : Workers;

    /// <summary>Number of parts that a large batch is fetched in: two for each worker, as one of them may come late.</summary>
    internal int PartsOfBatch => WorkersInUse == 1 ? 1 : 2 * WorkersInUse;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Strategy);
        ArgumentNullException.ThrowIfNull(Ranges);
        Ranges.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(PagesPerFault, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PagesPerFault, 512);
        if (!System.Numerics.BitOperations.IsPow2(PagesPerFault))
        {
            throw new ArgumentOutOfRangeException(nameof(PagesPerFault), PagesPerFault, "Blocks of pages are powers of two.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BatchSize, 65536);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatches, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)ReplayPolicy, (int)ReplayPolicy.Once, nameof(ReplayPolicy));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)CancelScope, (int)CancelScope.Channel, nameof(CancelScope));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDeferrals, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxLateEntries, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxReturns, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)SystemAtomics, (int)SystemAtomics.Native, nameof(SystemAtomics));
        ArgumentOutOfRangeException.ThrowIfLessThan(Workers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Workers, 16);
        ArgumentOutOfRangeException.ThrowIfLessThan(FaultsPerHelper, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Timeout, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(Clock);
    }
}
