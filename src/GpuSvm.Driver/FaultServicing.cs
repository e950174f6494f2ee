namespace GpuSvm.Driver;

/// <summary>Where a driver serves faults.</summary>
public enum FaultServicing : byte
{
    /// <summary>On a thread of its own, woken by the GPU's interrupt.</summary>
    OnWorker,

    /// <summary>Inside the interrupt, on the thread that executes the GPU: for sequential execution.</summary>
    InInterrupt,
}
