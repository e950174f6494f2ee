namespace GpuSvm.Driver;

/// <summary>Counts how often the fault of a page was put off, so that it does not come back for ever.</summary>
/// <param name="limit">Number of deferrals after which a fault is fatal; at least 1.</param>
/// <remarks>Only pages that were put off are held; the deadline of each try makes them few.</remarks>
internal sealed class DeferralTracker(int limit)
{
    private readonly Dictionary<(InstancePointer Instance, ulong Page), int> _deferrals = [];

    /// <summary>Counts a deferral; true when it was one too many, and the page is forgotten.</summary>
    public bool Exceeds(in FaultEntry fault)
    {
        (InstancePointer, ulong) key = (fault.Instance, fault.Address.Value >> Page.Shift);
        int count = _deferrals.GetValueOrDefault(key) + 1;
        if (count > limit)
        {
            _deferrals.Remove(key);
            return true;
        }

        _deferrals[key] = count;
        return false;
    }

    /// <summary>Forgets a page that was served.</summary>
    public void Forget(in FaultEntry fault)
    {
        if (_deferrals.Count > 0)
        {
            _deferrals.Remove((fault.Instance, fault.Address.Value >> Page.Shift));
        }
    }

    /// <summary>Forgets every page of a channel.</summary>
    public void Forget(InstancePointer instance)
    {
        if (_deferrals.Count == 0)
        {
            return;
        }

        foreach ((InstancePointer Instance, ulong Page) key in _deferrals.Keys.Where(key => key.Instance == instance).ToArray())
        {
            _deferrals.Remove(key);
        }
    }
}
