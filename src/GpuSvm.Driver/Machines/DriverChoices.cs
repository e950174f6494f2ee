using System.Numerics;

namespace GpuSvm.Driver;

/// <summary>What a user may choose of the driver, in a simulated machine and in a live session: both build theirs from this.</summary>
internal sealed record DriverChoices
{
    /// <summary>Sequential: faults are served inside the interrupt; else by a thread of their own.</summary>
    public required ExecutionMode Execution { get; init; }

    /// <summary>How the driver follows the address space.</summary>
    public required MirrorStrategy Strategy { get; init; }

    /// <summary>Sizes of ranges, where their pages live, and how long they stay there.</summary>
    public required SvmRangeOptions Ranges { get; init; }

    /// <summary>Which pages leave the GPU's memory for others.</summary>
    public required EvictionPolicy Eviction { get; init; }

    /// <summary>Pages that come home together: 1 to 512, a power of two.</summary>
    public required int ReadAroundPages { get; init; }

    /// <summary>How atomics reach system memory.</summary>
    public SystemAtomics SystemAtomics { get; init; } = SystemAtomics.DeviceExclusive;

    /// <summary>The time that the driver's bounds and timeslices are measured with.</summary>
    public Clock Clock { get; init; } = Clock.Monotonic;

    /// <summary>Where the driver writes what happens; null writes nothing.</summary>
    public EventStream? Events { get; init; }

    /// <summary>Looks at each value.</summary>
    /// <exception cref="ArgumentException">A value is none that it may be; the message names it and what is expected.</exception>
    public void Validate()
    {
        if (ReadAroundPages is < 1 or > 512 || !BitOperations.IsPow2(ReadAroundPages))
        {
            throw new ArgumentOutOfRangeException(
                nameof(ReadAroundPages), ReadAroundPages, "ReadAroundPages must be a power of two from 1 to 512.");
        }

        ArgumentNullException.ThrowIfNull(Ranges);
        DemandDefined(Strategy, nameof(Strategy));
        DemandDefined(Eviction, nameof(Eviction));
        DemandDefined(SystemAtomics, nameof(SystemAtomics));
        Ranges.Validate();
        if (Ranges.Placement != SvmResidency.System && Strategy != MirrorStrategy.SizedRanges)
        {
            throw new ArgumentException($"Placement {Ranges.Placement} needs the strategy {MirrorStrategy.SizedRanges}, not {Strategy}.");
        }
    }

    /// <summary>Builds the driver of a GPU.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="frames">The machine's page frames: pages of address spaces that have these may live in the GPU's memory.</param>
    /// <exception cref="SvmException">As of <see cref="SvmDriver"/>.</exception>
    public SvmDriver Build(IGpu gpu, PageFrames frames) => new(gpu, new SvmDriverOptions
    {
        Servicing = Execution == ExecutionMode.Sequential ? FaultServicing.InInterrupt : FaultServicing.OnWorker,
        Clock = Clock,
        Events = Events,
        SystemAtomics = SystemAtomics,
        Strategy = Strategy switch
        {
            MirrorStrategy.PerFault => MirrorStrategies.PerFault,
            MirrorStrategy.VmaSized => MirrorStrategies.VmaSized,
            MirrorStrategy.TableAligned => MirrorStrategies.TableAligned,
            _ => MirrorStrategies.SizedRanges,
        },
        Ranges = Ranges,
        DevicePages = new DevicePagesOptions(frames)
        {
            ReadAroundPages = ReadAroundPages,
            Eviction = Eviction switch
            {
                EvictionPolicy.ScanResistant => EvictionPolicies.ScanResistant,
                EvictionPolicy.LeastRecentlyUsed => EvictionPolicies.LeastRecentlyUsed,
                EvictionPolicy.OldestAllocation => EvictionPolicies.OldestAllocation,
                _ => null,
            },
        },
    });

    private static void DemandDefined<T>(T value, string name)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be one of {string.Join(", ", Enum.GetNames<T>())}.");
        }
    }
}
