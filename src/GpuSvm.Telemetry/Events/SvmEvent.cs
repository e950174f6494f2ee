namespace GpuSvm.Telemetry;

/// <summary>Something that happened, when, and to what: plain data without references.</summary>
/// <param name="Kind">What it tells of.</param>
/// <param name="Phase">Whether that begins, ends, or takes no time.</param>
/// <param name="Track">Who did it, or to whom it happened.</param>
/// <remarks>
/// docs/telemetry.md says which members each kind sets; the others are 0. An end has the <see cref="Id"/> and <see cref="Address"/> of
/// its begin, and otherwise only what the begin did not know.
/// </remarks>
public readonly record struct SvmEvent(EventKind Kind, EventPhase Phase, EventTrack Track)
{
    /// <summary>When, in nanoseconds of the stream's clock; 0 has the stream set it.</summary>
    public long Nanoseconds { get; init; }

    /// <summary>
    /// Its name among its kind: a fault's timestamp, the number of a batch or replay. With <see cref="Track"/> and
    /// <see cref="Address"/> it tells faults apart.
    /// </summary>
    public ulong Id { get; init; }

    /// <summary>The <see cref="Id"/> of what it belongs to: of a service its batch, of a fault's end the replay that ended it.</summary>
    public ulong Link { get; init; }

    /// <summary>The channel, as its instance pointer; 0 where it is not known.</summary>
    public ulong Channel { get; init; }

    /// <summary>The client, as the root of its page table; 0 where it is not known.</summary>
    public ulong Client { get; init; }

    /// <summary>The byte that was accessed, or the first byte of a range.</summary>
    public ulong Address { get; init; }

    /// <summary>Length of a range in bytes.</summary>
    public ulong Bytes { get; init; }

    /// <summary>How many: faults of a batch or service, entries of a flush, pages that have moved.</summary>
    public long Count { get; init; }

    /// <summary>Why, or with which end.</summary>
    public EventCause Cause { get; init; }

    /// <summary>From which memory to which, of a migration or copy.</summary>
    public EventDirection Direction { get; init; }
}
