namespace GpuSvm.Telemetry.Perfetto;

/// <summary>The rows in which the waits of one SM are drawn: they overlap without one being part of another, so each has a row while it lasts.</summary>
internal sealed class WaitLanes
{
    private readonly PriorityQueue<int, int> _free = new();
    private readonly Dictionary<FaultKey, int> _taken = [];
    private int _count;

    /// <summary>The waits that have begun and not ended.</summary>
    public IEnumerable<int> Open => _taken.Values.Order();

    /// <summary>Takes the first free lane.</summary>
    /// <param name="fault">The wait.</param>
    /// <param name="lane">The lane, from 0 on.</param>
    /// <returns>False if such a wait is open already.</returns>
    public bool TryBegin(FaultKey fault, out int lane)
    {
        if (_taken.TryGetValue(fault, out lane))
        {
            return false;
        }

        lane = _free.Count > 0 ? _free.Dequeue() : _count++;
        _taken.Add(fault, lane);
        return true;
    }

    /// <summary>Gives a lane back.</summary>
    /// <param name="fault">The wait.</param>
    /// <param name="lane">The lane that it had.</param>
    /// <returns>False if no such wait is open.</returns>
    public bool TryEnd(FaultKey fault, out int lane)
    {
        if (!_taken.Remove(fault, out lane))
        {
            return false;
        }

        _free.Enqueue(lane, lane);
        return true;
    }
}
