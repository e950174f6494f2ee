namespace GpuSvm.Live;

/// <summary>Tells the events of a discard that the engine has asked for from those of the process's own.</summary>
/// <remarks>
/// <para>
/// The kernel tells of both alike: one event for each mapping that the call runs through, each from the mapping's start or the call's to the
/// mapping's end or the call's. So when the call has ended its events tile its range, but for holes. One of the process's own that begins
/// where one of these does ends no later, since the mapping does: of several that begin at one place the longest is the engine's.
/// </para>
/// <para>
/// While the call waits for an event to be read its mapping may be split. Then the kernel goes on to the end of the first part only, and tells
/// of the others once more, or takes nothing there, as kernels before 6.17 do. So what begins inside of an event of the engine's, later than
/// that, and at the start of a mapping, is the engine's, too: once for each such start.
/// </para>
/// <para>What is left over is the process's. Until then nobody knows, and all are kept back. Guarded by the queue's lock.</para>
/// <para>Source: Linux mm/madvise.c, madvise_walk_vmas and madvise_dontneed_free; fs/userfaultfd.c, userfaultfd_remove.</para>
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

    /// <summary>True if messages are kept back.</summary>
    public bool IsKeeping => _undecided.Count > 0;

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
    /// <param name="isMappingStart">Whether a mapping of the process begins at an address by now.</param>
    /// <returns>Number of events of the call.</returns>
    public int End(List<UffdMessage> foreign, Func<VirtualAddress, bool> isMappingStart)
    {
        int own = 0;
        for (ulong at = _range.Start; Next(at, 0) is var index and >= 0; own++)
        {
            UffdMessage told = _undecided[index];
            at = told.End;
            _undecided.RemoveAt(index);
            own += RemoveRepeated(told, index, isMappingStart);
        }

        foreign.AddRange(_undecided);
        _undecided.Clear();
        _range = default;
        return own;
    }

    private int RemoveRepeated(in UffdMessage told, int first, Func<VirtualAddress, bool> isMappingStart)
    {
        int removed = 0;
        for (ulong at = told.Start + Page.Size; Next(at, first) is var index and >= 0 && _undecided[index].Start < told.End; at += Page.Size)
        {
            at = _undecided[index].Start;
            if (isMappingStart(at))
            {
                _undecided.RemoveAt(index);
                removed++;
            }
        }

        return removed;
    }

    /// <summary>The event that begins first from an address on; of several there the longest.</summary>
    private int Next(ulong address, int first)
    {
        int next = -1;
        for (int i = first; i < _undecided.Count; i++)
        {
            UffdMessage message = _undecided[i];
            if (message.Start >= address && (next < 0 || message.Start < _undecided[next].Start
                || (message.Start == _undecided[next].Start && message.End > _undecided[next].End)))
            {
                next = i;
            }
        }

        return next;
    }
}
