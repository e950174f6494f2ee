using System.Runtime.InteropServices;

namespace GpuSvm.Svm;

/// <summary>Evicts what is used again last of all, by a recorded trace of the uses that come: the optimum that no policy can beat.</summary>
/// <remarks>
/// For comparison only: it knows the future, and a choice looks at every allocation. Each coming or use of an allocation is the next place of
/// the trace that names its first address.
/// Source: L. Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal 5(2), 1966.
/// </remarks>
public sealed class FarthestUsePolicy : IEvictionPolicy
{
    private readonly LinkedList<DeviceAllocation> _order = [];
    private readonly Dictionary<VirtualAddress, Queue<int>> _uses = [];
    private int _now = -1;

    /// <summary>Makes a policy for one run.</summary>
    /// <param name="trace">The first addresses of the allocations that will be used, in the order of their uses.</param>
    public FarthestUsePolicy(IReadOnlyList<VirtualAddress> trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        for (int i = 0; i < trace.Count; i++)
        {
            ref Queue<int>? uses = ref CollectionsMarshal.GetValueRefOrAddDefault(_uses, trace[i], out _);
            uses ??= new Queue<int>();
            uses.Enqueue(i);
        }
    }

    /// <inheritdoc/>
    public void Added(DeviceAllocation allocation)
    {
        ArgumentNullException.ThrowIfNull(allocation);
        _order.AddLast(allocation.Place);
        Used(allocation);
    }

    /// <inheritdoc/>
    public void Used(DeviceAllocation allocation)
    {
        ArgumentNullException.ThrowIfNull(allocation);
        int next = NextUse(allocation);
        _now = next == int.MaxValue ? _now : next;
    }

    /// <inheritdoc/>
    public DeviceAllocation? TryChoose(AddressRange comer)
    {
        DeviceAllocation? chosen = _order.MaxBy(NextUse);
        if (chosen is not null)
        {
            _order.Remove(chosen.Place);
        }

        return chosen;
    }

    /// <inheritdoc/>
    public void Kept(DeviceAllocation allocation)
    {
        ArgumentNullException.ThrowIfNull(allocation);
        _order.AddLast(allocation.Place);
    }

    /// <inheritdoc/>
    public void Released(DeviceAllocation allocation)
    {
        ArgumentNullException.ThrowIfNull(allocation);
        allocation.Place.List?.Remove(allocation.Place);
    }

    private int NextUse(DeviceAllocation allocation)
    {
        if (!_uses.TryGetValue(allocation.Range.Start, out Queue<int>? uses))
        {
            return int.MaxValue;
        }

        while (uses.TryPeek(out int use) && use <= _now)
        {
            uses.Dequeue();
        }

        return uses.TryPeek(out int next) ? next : int.MaxValue;
    }
}
