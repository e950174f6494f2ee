namespace GpuSvm.Gpu;

/// <summary>How a GPU counts accesses.</summary>
/// <remarks>Source of the defaults: NVIDIA's UVM driver, uvm_gpu_access_counters.c.</remarks>
public sealed record AccessCounterOptions
{
    /// <summary>Memory that shares a counter: a power of two, 64 KiB to 16 MiB.</summary>
    public ByteSize Granularity { get; init; } = ByteSize.MiB(2);

    /// <summary>Number of accesses after which a counter notifies: 1 to 65535.</summary>
    public int Threshold { get; init; } = 256;

    /// <summary>Entries of the ring of notifications, 2 to 2^20; one always stays free.</summary>
    public int Entries { get; init; } = 1024;

    internal bool IsValid =>
        System.Numerics.BitOperations.IsPow2(Granularity.Bytes) && Granularity.Bytes is >= 64 << 10 and <= 16 << 20 &&
        Threshold is >= 1 and <= 65535 && Entries is >= 2 and <= 1 << 20;
}
