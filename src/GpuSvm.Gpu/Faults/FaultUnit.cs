namespace GpuSvm.Gpu;

/// <summary>Where SMs report faults, and where they see what the driver answered.</summary>
/// <param name="buffer">The ring.</param>
/// <param name="signals">Replays and moves of GET.</param>
/// <param name="clock">The GPU's clock.</param>
/// <param name="timeout">How long a thread waits for its fault to be served.</param>
internal sealed class FaultUnit(FaultBuffer buffer, DeviceSignals signals, Clock clock, TimeSpan timeout)
{
    private const int SmsPerGpc = 8;

    /// <summary>Engine number of the graphics engine's shader units.</summary>
    private const uint ShaderEngine = 0;

    internal DeviceSignals Signals => signals;

    /// <summary>Where waits for faults are told; null for nowhere.</summary>
    internal EventStream? Events { get; init; }

    /// <summary>Most faults that one uTLB keeps outstanding.</summary>
    internal int OutstandingLimit { get; init; } = int.MaxValue;

    internal Deadline NewDeadline() => clock.After(timeout);

    /// <summary>True if a cancel names an SM, in the cluster that it lies in.</summary>
    internal static bool IsSm(CancelTarget target, int sms) =>
        !target.IsHub && target.Client < sms && target.Gpc == target.Client / SmsPerGpc;

    /// <summary>Writes the entry of an access that was not translated.</summary>
    /// <param name="instance">The channel.</param>
    /// <param name="sm">The SM.</param>
    /// <param name="access">The access.</param>
    /// <param name="whenFull">What a full ring does.</param>
    /// <param name="timestamp">The entry's, by which the access knows its own entry again.</param>
    /// <returns>False when the ring is full.</returns>
    internal bool TryReport(InstancePointer instance, Sm sm, in PendingAccess access, WhenFull whenFull, out ulong timestamp)
    {
        timestamp = (ulong)clock.NowNanoseconds;
        var entry = new FaultEntry(
            instance,
            access.Address,
            timestamp,
            ShaderEngine,
            (byte)(sm.Index / SmsPerGpc),
            IsHub: false,
            access.Access,
            (byte)sm.Index,
            access.Fault);
        bool isWritten = buffer.TryWrite(entry, whenFull);
        if (isWritten)
        {
            Events?.TellReport(entry);
        }

        return isWritten;
    }
}
