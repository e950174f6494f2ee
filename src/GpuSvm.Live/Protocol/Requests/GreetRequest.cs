namespace GpuSvm.Live;

/// <summary>The hello of an app that is not of this library: a C program. Everything that it does not say is as by default.</summary>
internal sealed record GreetRequest
{
    private const ulong HeapBytes = 1UL << 30;

    /// <summary>Bytes of the GPU's memory.</summary>
    public required ulong VideoMemoryBytes { get; init; }

    /// <summary>The settings of the engine.</summary>
    internal EngineSettings ToSettings()
    {
        var gpu = new SoftwareGpuOptions();
        return new EngineSettings
        {
            Library = LiveSupport.Version,
            Seed = gpu.Seed,
            Sms = gpu.Sms,
            WarpsPerSm = gpu.WarpsPerSm,
            Parallel = false,
            FaultBufferEntries = gpu.FaultBufferEntries,
            VideoMemoryBytes = VideoMemoryBytes,
            HeapBytes = HeapBytes,
            SystemBytes = HeapBytes,
            KernelLimitTicks = 30 * TimeSpan.TicksPerSecond,
            Strategy = MirrorStrategy.SizedRanges,
            Ranges = RangeSettings.Of(new SvmRangeOptions()),
            Eviction = EvictionPolicy.ScanResistant,
            ReadAroundPages = 16,
            SystemAtomics = SystemAtomics.Native,
            EventSlots = 0,
        };
    }
}
