namespace GpuSvm.Driver;

/// <summary>Decides where the pages of a range are to live when the GPU faults on it.</summary>
internal sealed class PlacementPolicy(SvmRangeOptions options, Clock clock)
{
    /// <summary>Tries to move a range in one fault where the program prefers the device. Source: Linux xe_svm.c, for atomics.</summary>
    private const int TriesWherePreferred = 3;

    /// <summary>How often one fault tries to move a range to the device's memory; 0 to leave its pages where they are.</summary>
    /// <remarks>Locking: the update lock is held.</remarks>
    public int TriesFor(SvmRange range, MemoryAdvice advice) =>
        !range.MayMigrate ? 0 :
        advice switch
        {
            MemoryAdvice.PreferDevice => TriesWherePreferred,
            MemoryAdvice.PreferHost or MemoryAdvice.RemoteMap => 0,
            _ => IsAtHomeOnDevice(range) ? 1 : 0,
        };

    private bool IsAtHomeOnDevice(SvmRange range) => options.Placement switch
    {
        SvmResidency.Device => true,
        SvmResidency.Auto => range.Data is not RangeHistory { HomeAt: { } at } || clock.NowNanoseconds - at >= options.Timeslice.Ticks * 100,
        _ => false,
    };
}
