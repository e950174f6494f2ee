namespace GpuSvm.Svm;

/// <summary>What was used least recently leaves first.</summary>
/// <remarks>The worst there is for a scan, again and again, of a little more than fits: each page leaves just before it is needed.</remarks>
public sealed class LeastRecentlyUsedPolicy : IEvictionPolicy
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
        ArgumentNullException.ThrowIfNull(allocation);
        if (allocation.Place.List is not null)
        {
            _order.Remove(allocation.Place);
            _order.AddLast(allocation.Place);
        }
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
