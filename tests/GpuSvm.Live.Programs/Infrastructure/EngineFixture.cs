namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>Settings of small engines.</summary>
internal static class EngineFixture
{
    /// <summary>Settings that an engine of this build takes.</summary>
    public static EngineSettings Settings(ulong seed, bool parallel, ulong heapBytes) => new()
    {
        Library = LiveSupport.Version,
        Seed = seed,
        Sms = 2,
        WarpsPerSm = 4,
        Parallel = parallel,
        FaultBufferEntries = 64,
        VideoMemoryBytes = 16 << 20,
        HeapBytes = heapBytes,
        KernelLimitTicks = 0,
    };
}
