namespace GpuSvm.Svm;

/// <summary>What came first leaves first, whatever it is used for.</summary>
/// <remarks>Source: NVIDIA's UVM driver, uvm_pmm_gpu.c, which evicts from the head of its list of used root chunks.</remarks>
public sealed class OldestAllocationPolicy : IEvictionPolicy
{
    private readonly LinkedList<DeviceAllocation> _order = [];

    /// <inheritdoc/>
    public void Added(DeviceAllocation allocation)
    {
        ArgumentNullException.ThrowIfNull(allocation);
        _order.AddLast(allocation.Place);
    }

    /// <inheritdoc/>
    public void Used(DeviceAllocation allocation)
    {
    }

    /// <inheritdoc/>
    public DeviceAllocation? TryChoose(AddressRange comer)
    {
        LinkedListNode<DeviceAllocation>? first = _order.First;
        if (first is not null)
        {
            _order.Remove(first);
        }

        return first?.Value;
    }

    /// <inheritdoc/>
    public void Kept(DeviceAllocation allocation) => Added(allocation);

    /// <inheritdoc/>
    public void Released(DeviceAllocation allocation)
    {
        ArgumentNullException.ThrowIfNull(allocation);
        allocation.Place.List?.Remove(allocation.Place);
    }
}
