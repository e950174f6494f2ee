namespace GpuSvm.Gpu;

/// <summary>The accesses that one channel has waiting at one unit of the GPU, as a fault entry names both.</summary>
/// <param name="Instance">The channel.</param>
/// <param name="IsHub">True for units outside the clusters.</param>
/// <param name="Gpc">Graphics processing cluster, 0 to 31.</param>
/// <param name="Client">The unit inside its cluster, 0 to 127: the SM.</param>
/// <remarks>Source: nouveau include/nvif/ifc00d.h, struct gp100_vmm_fault_cancel_v0.</remarks>
public readonly record struct CancelTarget(InstancePointer Instance, bool IsHub, byte Gpc, byte Client)
{
    /// <summary>The channel and unit of a fault.</summary>
    public static CancelTarget Of(in FaultEntry fault) => new(fault.Instance, fault.IsHub, fault.Gpc, fault.Client);
}
