namespace GpuSvm.Driver;

/// <summary>Decides where the pages of a range are to live when the GPU faults on it.</summary>
internal sealed class PlacementPolicy(SvmRangeOptions options)
{
    /// <summary>True if a fault is to try to move a range to the device's memory; what the program prefers to be there was moved before.</summary>
    /// <remarks>Asked once for each fault. Locking: the update lock is held.</remarks>
    public bool Moves(SvmRange range, MemoryAdvice advice) => range.MayMigrate && advice == MemoryAdvice.None && options.Placement switch
    {
        SvmResidency.Device => true,
        SvmResidency.Auto => range.HasDevicePages || ((RangeHistory)range.Data!).TryEndRest(),
        _ => false,
    };
}
