namespace GpuSvm;

/// <summary>How a software GPU executes.</summary>
public enum ExecutionMode : byte
{
    /// <summary>On the calling thread, one GPU thread at a time, in an order that follows from the seed.</summary>
    Sequential,

    /// <summary>On worker threads, each with SMs of its own.</summary>
    Parallel,
}
