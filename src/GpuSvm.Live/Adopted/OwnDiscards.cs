namespace GpuSvm.Live;

/// <summary>Tells the events of a discard that the engine has asked for from those of the process's own.</summary>
/// <remarks>
/// The kernel tells of both alike: one event for each mapping that the call runs through, from the first on, each to the mapping's end or
/// the call's. So when the call has ended its events tile its range. One of the process's own that begins where one of these does ends no
/// later, since the mapping does: of several that begin at one place the longest is the engine's. What is left over is the process's.
/// Until then nobody knows, and all are kept back. Guarded by the queue's lock.
/// </remarks>
internal sealed class OwnDiscards
{
    private readonly List<UffdMessage> _undecided = [];
    private AddressRange _range;

    /// <summary>Begins to keep back what may be of a call.</summary>
    public void Begin(AddressRange range) => _range = range;

    /// <summary>Keeps a message back if it may be of the call.</summary>
    public bool TryKeep(in UffdMessage message)
    {
        bool isKept = message.Event == UffdEvent.Remove && _range.Contains(new AddressRange(message.Start, message.End));
        if (isKept)
        {
            _undecided.Add(message);
        }

        return isKept;
    }

    /// <summary>True if a message that is kept back touches a range.</summary>
    public bool Touches(AddressRange range)
    {
        foreach (UffdMessage message in _undecided)
        {
            if (new AddressRange(message.Start, message.End).Overlaps(range))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The call has ended.</summary>
    /// <param name="foreign">Those that are the process's own are added, in the order in which they came.</param>
    /// <returns>Number of events of the call.</returns>
    public int End(List<UffdMessage> foreign)
    {
        int own = 0;
        for (ulong at = _range.Start; Longest(at) is var index and >= 0; own++)
        {
            at = _undecided[index].End;
            _undecided.RemoveAt(index);
        }

        foreign.AddRange(_undecided);
        _undecided.Clear();
        _range = default;
        return own;
    }

    private int Longest(ulong start)
    {
        int longest = -1;
        for (int i = 0; i < _undecided.Count; i++)
        {
            if (_undecided[i].Start == start && (longest < 0 || _undecided[i].End > _undecided[longest].End))
            {
                longest = i;
            }
        }

        return longest;
    }
}
