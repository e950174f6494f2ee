using System.Numerics;

namespace GpuSvm.Svm;

/// <summary>Shape and limits of an <see cref="SvmSpace"/>.</summary>
public sealed record SvmSpaceOptions
{
    /// <summary>The addresses that faults may come from: page-aligned, not empty, below 2^48.</summary>
    public AddressRange Window { get; init; } = new(0x1000UL, 0x7fff_ffff_f000UL);

    /// <summary>Bytes of a notifier: a power of two, not below the largest chunk.</summary>
    /// <remarks>Source: Linux drm_gpusvm.c, which recommends 512 MiB or more.</remarks>
    public ulong NotifierSize { get; init; } = 512UL << 20;

    /// <summary>Sizes of ranges in bytes: powers of two, falling, the last of them 4 KiB.</summary>
    public IReadOnlyList<ulong> ChunkSizes { get; init; } = [2UL << 20, 64UL << 10, Page.Size];

    /// <summary>What becomes of a range when the CPU unmaps a part of it.</summary>
    public PartialUnmap PartialUnmap { get; init; }

    /// <summary>How long the pages of a range are looked up again, over all retries of one call.</summary>
    public TimeSpan RetryLimit { get; init; } = Deadline.Default;

    /// <summary>The device's own memory, whose pages the device maps where they are; null if it has none.</summary>
    public DeviceMemory? Memory { get; init; }

    /// <summary>
    /// The lock under which a driver that already has one writes the device's entries, of rank <see cref="LockRank.Update"/>: then the
    /// space uses that. Null for one of its own.
    /// </summary>
    public RankedLock? NotifierLock { get; init; }

    /// <summary>Asked before the space takes memory of its own; false makes that fail (ENOMEM). Null for never.</summary>
    /// <remarks>Called without a lock from the page locks on. For tests that let every allocation fail once.</remarks>
    public Func<bool>? AllocationGate { get; init; }

    /// <summary>EINVAL if a rule of the properties above is broken.</summary>
    public Errno Validate()
    {
        bool isWindow = Window.IsPageAligned && !Window.IsEmpty && Window.End <= CpuPageTable.AddressLimit;
        bool areChunks = ChunkSizes.Count > 0 && ChunkSizes.All(BitOperations.IsPow2) && ChunkSizes[^1] == Page.Size &&
            ChunkSizes.Zip(ChunkSizes.Skip(1)).All(pair => pair.First > pair.Second);
        return isWindow && areChunks && BitOperations.IsPow2(NotifierSize) && NotifierSize >= ChunkSizes[0] &&
            NotifierSize <= CpuPageTable.AddressLimit && RetryLimit >= TimeSpan.Zero && (NotifierLock?.Rank ?? LockRank.Update) == LockRank.Update
            ? Errno.None
            : Errno.EINVAL;
    }
}
