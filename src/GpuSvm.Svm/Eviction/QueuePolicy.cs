namespace GpuSvm.Svm;

/// <summary>What is first in one queue leaves first; who comes, or could not leave, stands at its end.</summary>
public abstract class QueuePolicy : IEvictionPolicy
{
    private readonly LinkedList<DeviceAllocation> _queue = [];

    private protected QueuePolicy()
    {
    }

    /// <inheritdoc/>
    public void Added(DeviceAllocation allocation)
    {
        ArgumentNullException.ThrowIfNull(allocation);
        _queue.AddLast(allocation.Place);
    }

    /// <inheritdoc/>
    public abstract void Used(DeviceAllocation allocation);

    /// <inheritdoc/>
    public DeviceAllocation? TryChoose(AddressRange comer)
    {
        LinkedListNode<DeviceAllocation>? first = _queue.First;
        if (first is not null)
        {
            _queue.Remove(first);
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
