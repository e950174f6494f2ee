namespace GpuSvm.Driver;

/// <summary>How much a device is told to cancel when a fault cannot be served.</summary>
public enum CancelScope : byte
{
    /// <summary>The access that reported the fault, if it waits still: other accesses of its channel are served. NVIDIA: from Volta on.</summary>
    Fault,

    /// <summary>All that the channel has waiting at the unit that reported. NVIDIA: targeted cancel, up to Pascal; nouveau.</summary>
    Unit,

    /// <summary>All that the channel has waiting anywhere.</summary>
    Channel,
}
