namespace GpuSvm.Driver;

/// <summary>The faults that were fetched together: each client found, put together by block, sorted, and what became of them.</summary>
/// <param name="capacity">Largest number of faults.</param>
/// <remarks>
/// All arrays are kept, so a batch allocates nothing. The faults themselves stay where they were read to; what is sorted are keys with the
/// numbers of their faults. First the faults are put together by block; each block is sorted by the worker that takes it, which then writes
/// the results of that block.
/// </remarks>
internal sealed class FaultBatch(int capacity)
{
    private readonly FaultEntry[] _faults = new FaultEntry[capacity];
    private readonly ulong[] _arrived = new ulong[capacity];
    private readonly ulong[] _keys = new ulong[capacity];
    private readonly int[] _order = new int[capacity];
    private readonly FaultResult[] _results = new FaultResult[capacity];
    private readonly FaultBlock[] _blocks = new FaultBlock[capacity];
    private readonly BlockTable _table = new(capacity);
    private readonly Dictionary<InstancePointer, int> _slots = [];
    private readonly Dictionary<SvmClient, int> _slotsOfClients = [];
    private readonly List<SvmClient?> _clients = [];
    private int _blockCount;
    private int _sorted;

    /// <summary>Number of faults in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>True if no further fault fits.</summary>
    public bool IsFull => Count == _faults.Length;

    /// <summary>Number of faults of pages that are mirrored: those that are sorted and served.</summary>
    public int SortedCount => _sorted;

    /// <summary>The blocks, in the order of clients and addresses.</summary>
    public ReadOnlySpan<FaultBlock> Blocks => _blocks.AsSpan(0, _blockCount);

    /// <summary>
    /// Numbers of the faults that no page can be looked up for: of a channel that is not known, of an address in the client's window or
    /// beyond what the GPU translates. In order of arrival.
    /// </summary>
    public ReadOnlySpan<int> Refused => _order.AsSpan(_sorted, Count - _sorted);

    /// <summary>Number of look-ups from instance to client since the batch was made: one for each distinct instance of each batch.</summary>
    public long LookUps { get; private set; }

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        Count = 0;
        _sorted = 0;
        _blockCount = 0;
        _table.Clear();
        _slots.Clear();
        _slotsOfClients.Clear();
        _clients.Clear();
    }

    /// <summary>Where up to so many further faults are read to; <see cref="Keep"/> adds them.</summary>
    public Span<FaultEntry> Room(int count) => _faults.AsSpan(Count, Math.Min(count, _faults.Length - Count));

    /// <summary>Adds the first faults of the <see cref="Room"/>.</summary>
    public void Keep(int count) => Count += count;

    /// <summary>Adds a fault; the batch is not full.</summary>
    public void Add(in FaultEntry fault) => _faults[Count++] = fault;

    /// <summary>A fault by its number, which is its place in the order of arrival.</summary>
    public ref readonly FaultEntry Fault(int number) => ref _faults[number];

    /// <summary>Finds each fault's client, and puts the faults together by client and block. Each block is to be sorted then.</summary>
    /// <param name="channels">Where instances are looked up; constant, and the clients open, until the batch is done.</param>
    public void Prepare(ChannelTable channels)
    {
        int refused = Count;
        int sorted = 0;
        var last = default(InstancePointer);
        int slot = -1;
        AddressRange bounds = default;
        AddressRange window = default;
        for (int i = 0; i < Count; i++)
        {
            ref readonly FaultEntry fault = ref _faults[i];
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
                _arrived[i] = key.Bits;
                _table.Add(i, key);
                sorted++;
            }
            else
            {
                _order[--refused] = i;
            }
        }

        _order.AsSpan(refused, Count - refused).Reverse();
        _sorted = sorted;
        _blockCount = _table.LayOut(_blocks);
    }

    /// <summary>Sorts the faults of a block by page, strongest access and arrival: before anything is asked about its places.</summary>
    /// <remarks>Blocks may be sorted at the same time.</remarks>
    public void Sort(FaultBlock block, BlockSorter sorter)
    {
        int number = block.Head;
        for (int place = block.First; ; place++)
        {
            _keys[place] = _arrived[number];
            _order[place] = number;
            if (place + 1 == block.End)
            {
                break;
            }

            number = _table.Next(number);
        }

        sorter.Sort(_keys.AsSpan(block.First, block.End - block.First), _order.AsSpan(block.First, block.End - block.First));
    }

    /// <summary>The key at a place of the sorted batch.</summary>
    public FaultKey KeyAt(int place) => new(_keys[place]);

    /// <summary>Number of the fault at a place of the sorted batch.</summary>
    public int NumberAt(int place) => _order[place];

    /// <summary>The client of the faults at a place of the sorted batch.</summary>
    public SvmClient ClientAt(int place) => _clients[KeyAt(place).Client]!;

    /// <summary>Place behind the last fault of the same page; the faults from <paramref name="place"/> on lie below <paramref name="end"/>.</summary>
    public int EndOfPage(int place, int end)
    {
        FaultKey key = KeyAt(place);
        do
        {
            place++;
        }
        while (place < end && KeyAt(place).IsSamePage(key));

        return place;
    }

    /// <summary>Place behind the last fault of the same page that wants the same.</summary>
    public int EndOfAlike(int place, int end)
    {
        ulong key = _keys[place];
        do
        {
            place++;
        }
        while (place < end && _keys[place] == key);

        return place;
    }

    /// <summary>What became of the faults that are alike, of which the first stands at a place of the sorted batch.</summary>
    public ref FaultResult ResultAt(int place) => ref _results[place];

    /// <summary>True if the channel of a refused fault is known.</summary>
    public bool IsKnown(in FaultEntry fault) => _clients[_slots[fault.Instance]] is not null;

    private int SlotOf(InstancePointer instance, ChannelTable channels)
    {
        if (_slots.TryGetValue(instance, out int slot))
        {
            return slot;
        }

        LookUps++;
        SvmClient? client = channels.TryFind(instance, out Channel? channel) ? channel.Client : null;
        if (client is null || !_slotsOfClients.TryGetValue(client, out slot))
        {
            slot = _clients.Count;
            _clients.Add(client);
            if (client is not null)
            {
                _slotsOfClients.Add(client, slot);
            }
        }

        _slots.Add(instance, slot);
        return slot;
    }
}
