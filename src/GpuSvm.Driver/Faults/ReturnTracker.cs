namespace GpuSvm.Driver;

/// <summary>Counts how often the fault of a page came back without having got on, so that it does not come back for ever.</summary>
/// <param name="limit">How often it may; at least 1.</param>
/// <remarks>Only pages whose faults came back are held. They are few.</remarks>
internal sealed class ReturnTracker(int limit)
{
    private readonly Dictionary<(InstancePointer Instance, ulong Page), (int Count, long Round)> _returns = [];

    /// <summary>True if no page is remembered.</summary>
    public bool IsEmpty => _returns.Count == 0;

    /// <summary>Counts a return; true when it was one too many, and the page is forgotten.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="round">Faults of one round count as one: they may be accesses of as many threads.</param>
    public bool Exceeds(in FaultEntry fault, long round)
    {
        (InstancePointer, ulong) key = KeyOf(fault);
        (int count, long last) = _returns.GetValueOrDefault(key, (0, -1));
        if (last == round)
        {
            return false;
        }

        if (count == limit)
        {
            _returns.Remove(key);
            return true;
        }

        _returns[key] = (count + 1, round);
        return false;
    }

    /// <summary>Forgets a page whose fault got on.</summary>
    public void Forget(in FaultEntry fault)
    {
        if (!IsEmpty)
        {
            _returns.Remove(KeyOf(fault));
        }
    }

    /// <summary>Forgets every page of a channel.</summary>
    public void Forget(InstancePointer instance)
    {
        if (IsEmpty)
        {
            return;
        }

        foreach ((InstancePointer Instance, ulong Page) key in _returns.Keys.Where(key => key.Instance == instance).ToArray())
        {
            _returns.Remove(key);
        }
    }

    private static (InstancePointer Instance, ulong Page) KeyOf(in FaultEntry fault) =>
        (fault.Instance, fault.Address.Value >> Page.Shift);
}
