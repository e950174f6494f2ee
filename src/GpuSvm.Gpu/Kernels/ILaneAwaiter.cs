namespace GpuSvm;

/// <summary>What a kernel may await: accesses, pauses and helpers of its own thread, and nothing else.</summary>
/// <remarks>The method builder demands it of every awaiter, so that awaiting a <see cref="Task"/> in a kernel does not compile.</remarks>
public interface ILaneAwaiter
{
    /// <summary>The thread that waits.</summary>
    GpuThread Lane { get; }

    /// <summary>Leaves the thread waiting, to go on with <paramref name="box"/>.</summary>
    /// <param name="box">The state machine that awaits.</param>
    void Park(LaneBox box);
}
