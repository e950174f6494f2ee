namespace GpuSvm.Gpu;

/// <summary>A streaming multiprocessor: how much of it is taken, and its own random choices. One thread at a time.</summary>
internal sealed class Sm(int index, int warps, SeededRandom random)
{
    internal int Index => index;

    internal SeededRandom Random => random;

    /// <summary>Warps that hold no block.</summary>
    internal int FreeWarps { get; set; } = warps;

    /// <summary>Number of times that a thread was let run. Any thread may read it.</summary>
    internal long Turns;

    /// <summary>The thread that runs now; null between two. Any thread may read it.</summary>
    internal GpuThread? Running;

    /// <summary>Number of faults that the SM may still report in this turn.</summary>
    internal int ReportsLeft { get; set; }

    /// <summary>True if a fault was reported, or met a full ring, since the interrupt was raised last.</summary>
    internal bool InterruptDue { get; set; }
}
