using System.Collections.Concurrent;

namespace GpuSvm.Live.Programs;

/// <summary>Notes what the event worker tells.</summary>
internal sealed class RigObserver(BufferTable buffers) : IEventObserver
{
    /// <summary>The accesses that were ended, and why.</summary>
    public ConcurrentQueue<(DeferredFault Fault, Errno Error)> Refused { get; } = [];

    /// <inheritdoc/>
    public void OnUnmapped() => buffers.DropUnmapped();

    /// <inheritdoc/>
    public void OnRefused(DeferredFault fault, Errno error) => Refused.Enqueue((fault, error));

    /// <inheritdoc/>
    public void OnUnservable(DeferredFault fault, Errno error) => Environment.FailFast($"unservable: {fault} ({error})");

    /// <inheritdoc/>
    public void OnUnexpected(UffdMessage message) => Environment.FailFast($"unexpected: {message}");

    /// <inheritdoc/>
    public void OnForked(LiveProcess parent, LiveProcess child) => Environment.FailFast("unexpected: fork");

    /// <inheritdoc/>
    public void OnEnded()
    {
    }

    /// <inheritdoc/>
    public void OnUnprotected(AddressRange range, Errno error) => Environment.FailFast($"unprotected: {range} ({error})");

    /// <inheritdoc/>
    public void OnFailed(Exception failure) => Environment.FailFast("a thread of the engine failed", failure);
}
