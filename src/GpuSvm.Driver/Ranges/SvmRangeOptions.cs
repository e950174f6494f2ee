using GpuSvm.Driver;

namespace GpuSvm;

/// <summary>How <see cref="SizedRangesStrategy"/> cuts an address space into ranges, and where their pages live.</summary>
public sealed record SvmRangeOptions
{
    /// <summary>The most of <see cref="AtomicTries"/>.</summary>
    public const int MostAtomicTries = 8;

    /// <summary>Sizes of ranges: powers of two, falling, from 2 MiB at most down to 4 KiB.</summary>
    /// <remarks>Source: Linux xe_svm.c, fault_chunk_sizes.</remarks>
    public IReadOnlyList<ByteSize> ChunkSizes { get; init; } = [ByteSize.MiB(2), ByteSize.KiB(64), ByteSize.KiB(4)];

    /// <summary>Size of a notifier: a power of two, not below the largest range.</summary>
    /// <remarks>Source: Linux xe_module.c, svm_notifier_size.</remarks>
    public ByteSize NotifierSize { get; init; } = ByteSize.MiB(512);

    /// <summary>Where the pages of a range are to live; it counts where the driver has <see cref="SvmDriverOptions.DevicePages"/>.</summary>
    public SvmResidency Placement { get; init; } = SvmResidency.System;

    /// <summary>
    /// How long pages that a fault has moved to the GPU's memory stay there though the CPU touches them: not negative; 0 for not at all.
    /// </summary>
    /// <remarks>Source: Linux xe_svm.c, which begins with 5 ms for atomics.</remarks>
    public TimeSpan Timeslice { get; init; }

    /// <summary>
    /// How often a fault by an atomic access tries to have all of its range in the GPU's memory, whatever <see cref="Placement"/> says, before
    /// its page is taken for the GPU alone where it is: 0, the usual, to <see cref="MostAtomicTries"/>.
    /// </summary>
    /// <remarks>
    /// Each try asks for twice the timeslice of the one before, from 5 ms on, or <see cref="Timeslice"/> if that is longer, so that the CPU,
    /// which takes pages home, gives way. Source: Linux xe_svm.c, which tries three times and has no other way.
    /// </remarks>
    public int AtomicTries { get; init; }

    /// <summary>What becomes of a range of which a part is unmapped.</summary>
    public PartialUnmap PartialUnmap { get; init; } = PartialUnmap.KeepRest;

    /// <summary>What becomes of a range of which not every page can move.</summary>
    public Movement Movement { get; init; } = Movement.BestEffort;

    /// <summary>Ranges of more than a page and up to so many bytes are made only where the CPU has every page; 0 for all.</summary>
    /// <remarks>Source: Linux drm_gpusvm.c, check_pages_threshold.</remarks>
    public ByteSize CheckPagesThreshold { get; init; }

    /// <summary>How long the pages of a range are looked up again in one call; not negative.</summary>
    public TimeSpan RetryLimit { get; init; } = Deadline.Default;

    /// <summary>As <see cref="SvmSpaceOptions.AllocationGate"/>: for tests that let every allocation fail once.</summary>
    internal Func<bool>? AllocationGate { get; init; }

    /// <summary>Called when the pages of a range were got and are about to be bound: for tests that change them in between.</summary>
    internal Action? BeforeBind { get; init; }

    /// <summary>These options as those of a space.</summary>
    internal SvmSpaceOptions ToSpaceOptions() => new()
    {
        ChunkSizes = [.. ChunkSizes.Select(size => size.Bytes)],
        NotifierSize = NotifierSize,
        PartialUnmap = PartialUnmap,
        RetryLimit = RetryLimit,
        AllocationGate = AllocationGate,
    };

    /// <summary>Looks at each value.</summary>
    /// <exception cref="ArgumentException">A value is none that it may be; the message names it and what is expected.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(ChunkSizes);
        ArgumentOutOfRangeException.ThrowIfLessThan(Timeslice, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(RetryLimit, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(AtomicTries);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AtomicTries, MostAtomicTries);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)Placement, (int)SvmResidency.Auto, nameof(Placement));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)PartialUnmap, (int)PartialUnmap.DropRange, nameof(PartialUnmap));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)Movement, (int)Movement.AllOrNothing, nameof(Movement));
        if ((this with { NotifierSize = HugePage.Size }).ToSpaceOptions().Validate() != Errno.None)
        {
            throw new ArgumentException(
                $"ChunkSizes {string.Join(", ", ChunkSizes)}: expected powers of two, falling, from 2 MiB at most to 4 KiB.");
        }

        if (ToSpaceOptions().Validate() != Errno.None)
        {
            throw new ArgumentException($"NotifierSize {NotifierSize}: expected a power of two, at least {ChunkSizes[0]}.");
        }
    }
}
