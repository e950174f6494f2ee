namespace GpuSvm.Gpu;

/// <summary>The lines by which the driver reaches the SMs: replay, and slots given back. Written by any thread, read by all SMs.</summary>
internal sealed class DeviceSignals
{
    private long _replays;
    private long _getMoves;

    /// <summary>Number of replays so far.</summary>
    internal long ReplayEpoch => SharedWord.Read(ref _replays);

    /// <summary>Number of times that GET moved.</summary>
    internal long GetMoves => SharedWord.Read(ref _getMoves);

    /// <summary>Counts a replay.</summary>
    /// <returns>Its number, from 1 on.</returns>
    internal long Replay() => SharedWord.Add(ref _replays, 1);

    internal void MoveGet() => SharedWord.Add(ref _getMoves, 1);
}
