using GpuSvm.Core;

namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>Sessions whose pages move.</summary>
internal static class EngineFixture
{
    /// <summary>For pages that change all the time, on a machine that does much else.</summary>
    public static readonly TimeSpan RetryLimit = TimeSpan.FromSeconds(10);

    /// <summary>A small GPU to which each page moves that it touches.</summary>
    public static SvmOptions Moving(ExecutionMode execution) => new()
    {
        Sms = 2,
        WarpsPerSm = 4,
        Execution = execution,
        FaultBufferEntries = 64,
        VideoMemory = ByteSize.MiB(64),
        Ranges = new SvmRangeOptions { Placement = SvmResidency.Device, RetryLimit = RetryLimit },
    };
}
