namespace GpuSvm.Svm;

/// <summary>What was used least recently leaves first.</summary>
/// <remarks>The worst there is for a scan, again and again, of a little more than fits: each page leaves just before it is needed.</remarks>
public sealed class LeastRecentlyUsedPolicy : QueuePolicy
{
    /// <inheritdoc/>
    public override void Used(DeviceAllocation allocation)
    {
        ArgumentNullException.ThrowIfNull(allocation);
        if (allocation.Place.List is not null)
        {
            Released(allocation);
            Added(allocation);
        }
    }
}
