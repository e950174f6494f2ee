namespace GpuSvm.Live.Programs.Storm;

/// <summary>Live memory, and the GPU that shares it; where its faults are served is what the storm compares. Thread-safe.</summary>
internal interface IStormMemory : IAsyncDisposable
{
    /// <summary>Maps zeroed pages.</summary>
    VirtualAddress Map(int pages);

    /// <summary>Unmaps pages.</summary>
    void Unmap(VirtualAddress address, int pages);

    /// <summary>Takes write access away until the next write.</summary>
    void WriteProtect(VirtualAddress address, int pages);

    /// <summary>Number of pages that faults have moved to the GPU and home.</summary>
    (long Away, long Home) Moved { get; }

    /// <summary>Runs the storm's kernel to its end.</summary>
    /// <exception cref="KernelException">It met a wrong byte.</exception>
    void Launch(int grid, int block, StormArgs args);
}
