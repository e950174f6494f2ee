namespace GpuSvm.Svm;

/// <summary>What came first leaves first, whatever it is used for.</summary>
/// <remarks>Source: NVIDIA's UVM driver, uvm_pmm_gpu.c, which evicts from the head of its list of used root chunks.</remarks>
public sealed class OldestAllocationPolicy : QueuePolicy
{
    /// <inheritdoc/>
    public override void Used(DeviceAllocation allocation)
    {
    }
}
