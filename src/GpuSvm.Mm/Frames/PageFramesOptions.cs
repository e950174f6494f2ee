namespace GpuSvm.Mm;

/// <summary>How <see cref="PageFrames"/> hands out frames.</summary>
public sealed record PageFramesOptions
{
    /// <summary>Seed of the order in which frames are handed out.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Number of frames that may be allocated at once, without the zero page; 0 for all that the memory has.</summary>
    public ulong LimitFrames { get; init; }

    /// <summary>Number of frames, from 0 on, that are handed out one by one, the zero page among them; 0 for all.</summary>
    /// <remarks>The others are for <see cref="MemoryObject"/>s.</remarks>
    public ulong PooledFrames { get; init; }

    /// <summary>Asked before each allocation; false makes it fail with <see cref="Errno.ENOMEM"/>. For injected failures.</summary>
    /// <remarks>Locking: called with no lock of the frames held, by any thread; for an object's frame with the object's lock.</remarks>
    public Func<bool>? AllocationGate { get; init; }
}
