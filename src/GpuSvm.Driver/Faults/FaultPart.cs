namespace GpuSvm.Driver;

/// <summary>Faults of a batch that follow each other: one thread finds their clients, and puts them together by block.</summary>
/// <param name="faults">The faults of the batch.</param>
/// <param name="keys">Where the key of each goes.</param>
/// <param name="refused">Where the numbers of those go that are refused, from the place of the first fault on.</param>
/// <param name="next">Which fault came after each in its block.</param>
/// <param name="capacity">Largest number of blocks.</param>
/// <remarks>Parts work at the same time, each on its own faults; then they are joined, in their order. Warm, nothing is allocated.</remarks>
internal sealed class FaultPart(FaultEntry[] faults, ulong[] keys, int[] refused, int[] next, int capacity)
{
    private readonly BlockTable _table = new(next, capacity);
    private readonly Dictionary<InstancePointer, int> _slots = [];
    private readonly Dictionary<SvmClient, int> _slotsOfClients = [];
    private readonly List<SvmClient?> _clients = [];
    private readonly List<int> _places = [];
    private int _first;
    private int _end;
    private int _refusedCount;

    /// <summary>Numbers of the faults that no page can be looked up for, in order of arrival.</summary>
    public Span<int> Refused => refused.AsSpan(_first, _refusedCount);

    /// <summary>Look-ups from instance to client: one for each distinct instance of the part.</summary>
    public int LookUps { get; private set; }

    /// <summary>The client with a place; null for channels that are not known.</summary>
    public SvmClient? Client(int place) => _clients[place];

    /// <summary>True if the channel of a fault is known, of this part or of one that was joined.</summary>
    public bool IsKnown(in FaultEntry fault) => _clients[_slots[fault.Instance]] is not null;

    /// <summary>Empties the part.</summary>
    public void Clear()
    {
        _table.Clear();
        _slots.Clear();
        _slotsOfClients.Clear();
        _clients.Clear();
        _places.Clear();
        _first = 0;
        _end = 0;
        _refusedCount = 0;
        LookUps = 0;
    }

    /// <summary>Finds each fault's client, and puts the faults together by client and block.</summary>
    /// <param name="first">Number of the first fault.</param>
    /// <param name="end">Number behind the last.</param>
    /// <param name="channels">Where instances are looked up; constant, and the clients open.</param>
    public void Prepare(int first, int end, ChannelTable channels)
    {
        _first = first;
        _end = end;
        var last = default(InstancePointer);
        int slot = -1;
        AddressRange bounds = default;
        AddressRange window = default;
        for (int i = first; i < end; i++)
        {
            ref readonly FaultEntry fault = ref faults[i];
            if (slot < 0 || fault.Instance != last)
            {
                last = fault.Instance;
                slot = SlotOf(last, channels);
                GpuMirror? mirror = _clients[slot]?.Mirror;
                bounds = mirror?.Bounds ?? default;
                window = mirror?.Unmanaged ?? default;
            }

            if (bounds.Contains(fault.Address) && !window.Contains(fault.Address))
            {
                var key = FaultKey.Of(slot, fault.Address, fault.Access);
                keys[i] = key.Bits;
                _table.Add(i, key);
            }
            else
            {
                refused[first + _refusedCount++] = i;
            }
        }
    }

    /// <summary>Copies the faults of each block side by side.</summary>
    public void Group(FaultRuns runs) => _table.Group(keys, runs, _first);

    /// <summary>Takes the clients and blocks of the next part over.</summary>
    public void Join(FaultPart other, FaultRuns runs)
    {
        bool isMoved = false;
        foreach (SvmClient? client in other._clients)
        {
            int place = PlaceOf(client);
            isMoved |= place != other._places.Count;
            other._places.Add(place);
        }

        for (int i = other._first; isMoved && i < other._end - other._refusedCount; i++)
        {
            var key = new FaultKey(runs.Keys[i]);
            runs.Keys[i] = key.With(other._places[key.Client]).Bits;
        }

        foreach ((InstancePointer instance, int slot) in other._slots)
        {
            _slots.TryAdd(instance, other._places[slot]);
        }

        _table.Add(other._table, other._places);
    }

    /// <summary>Lays the blocks out one behind the other, in the order of clients and addresses.</summary>
    /// <returns>Their number.</returns>
    public int LayOut(Span<FaultBlock> blocks) => _table.LayOut(blocks);

    private int SlotOf(InstancePointer instance, ChannelTable channels)
    {
        if (!_slots.TryGetValue(instance, out int slot))
        {
            LookUps++;
            slot = PlaceOf(channels.TryFind(instance, out Channel? channel) ? channel.Client : null);
            _slots.Add(instance, slot);
        }

        return slot;
    }

    private int PlaceOf(SvmClient? client)
    {
        if (client is not null && _slotsOfClients.TryGetValue(client, out int place))
        {
            return place;
        }

        place = _clients.Count;
        _clients.Add(client);
        if (client is not null)
        {
            _slotsOfClients.Add(client, place);
        }

        return place;
    }
}
