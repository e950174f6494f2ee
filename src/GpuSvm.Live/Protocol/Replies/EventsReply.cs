using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GpuSvm.Telemetry;

namespace GpuSvm.Live;

/// <summary>Events, in the order in which they were written.</summary>
internal sealed record EventsReply
{
    /// <summary>Most events of one reply: their bytes, in base 64, leave room for the rest of it.</summary>
    internal static readonly int Most = LocalSocket.MaximumLength / 2 / Unsafe.SizeOf<SvmEvent>();

    /// <summary>The events as they lie in memory: app and engine are of one build.</summary>
    public required byte[] Events { get; init; }

    /// <summary>Number of events that were dropped so far, because nobody fetched others in time.</summary>
    public required long Dropped { get; init; }

    /// <summary>The reply that tells of events.</summary>
    internal static EventsReply Of(ReadOnlySpan<SvmEvent> events, long dropped) =>
        new() { Events = MemoryMarshal.AsBytes(events).ToArray(), Dropped = dropped };

    /// <summary>The events.</summary>
    /// <exception cref="ProtocolException">The bytes are not those of whole events.</exception>
    internal ReadOnlySpan<SvmEvent> ToEvents() => Events.Length % Unsafe.SizeOf<SvmEvent>() == 0
        ? MemoryMarshal.Cast<byte, SvmEvent>(Events)
        : throw new ProtocolException($"{Events.Length} bytes are not whole events of {Unsafe.SizeOf<SvmEvent>()}.");
}
