namespace GpuSvm.Live;

/// <summary>Launches that wait for their answer: each gets one, from the first who has it. Thread-safe.</summary>
internal sealed class LaunchTable
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly Dictionary<uint, Entry> _launches = [];

    /// <summary>Enters a launch.</summary>
    /// <param name="id">The request's.</param>
    /// <param name="kernel">The kernel's name.</param>
    public void Add(uint id, string kernel)
    {
        using (_lock.Enter())
        {
            _launches[id] = new Entry(kernel, default);
        }
    }

    /// <summary>Takes note of the instance that a launch runs on.</summary>
    public void Place(uint id, InstancePointer instance)
    {
        using (_lock.Enter())
        {
            if (_launches.TryGetValue(id, out Entry launch))
            {
                _launches[id] = launch with { Instance = instance };
            }
        }
    }

    /// <summary>Claims the right to answer a launch.</summary>
    /// <returns>False if it has been answered.</returns>
    public bool TryTake(uint id)
    {
        using (_lock.Enter())
        {
            return _launches.Remove(id);
        }
    }

    /// <summary>What runs on an instance, or null.</summary>
    public (uint Id, string Kernel)? On(InstancePointer instance)
    {
        using (_lock.Enter())
        {
            foreach ((uint id, Entry launch) in _launches)
            {
                if (launch.Instance == instance)
                {
                    return (id, launch.Kernel);
                }
            }

            return null;
        }
    }

    /// <summary>Claims the right to answer all launches that are left.</summary>
    public IReadOnlyList<uint> TakeAll()
    {
        using (_lock.Enter())
        {
            uint[] ids = [.. _launches.Keys];
            _launches.Clear();
            return ids;
        }
    }

    private readonly record struct Entry(string Kernel, InstancePointer Instance);
}
