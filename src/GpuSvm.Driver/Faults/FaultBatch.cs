namespace GpuSvm.Driver;

/// <summary>The faults that were fetched together: each client found, put together by block, sorted, and what became of them.</summary>
/// <remarks>
/// All arrays are kept, so a batch allocates nothing. The faults themselves stay where they were read to; what is sorted are keys with the
/// numbers of their faults. First the faults are put together by block, those of a large batch in parts at the same time; each block is
/// sorted by the worker that takes it, which then writes the results of that block.
/// </remarks>
internal sealed class FaultBatch
{
    private readonly FaultEntry[] _faults;
    private readonly ulong[] _arrived;
    private readonly ulong[] _keys;
    private readonly int[] _order;
    private readonly int[] _next;
    private readonly FaultResult[] _results;
    private readonly FaultBlock[] _blocks;
    private readonly FaultPart[] _parts;

    // Null where there is only one part.
    private readonly FaultRuns? _runs;
    private bool _hasRuns;
    private int _blockCount;
    private int _sorted;

    /// <summary>Makes an empty batch.</summary>
    /// <param name="capacity">Largest number of faults.</param>
    /// <param name="parts">Largest number of parts.</param>
    public FaultBatch(int capacity, int parts = 1)
    {
        _faults = new FaultEntry[capacity];
        _arrived = new ulong[capacity];
        _keys = new ulong[capacity];
        _order = new int[capacity];
        _next = new int[capacity];
        _results = new FaultResult[capacity];
        _blocks = new FaultBlock[capacity];
        _parts = new FaultPart[parts];
        _runs = parts > 1 ? new FaultRuns(capacity) : null;
        for (int part = 0; part < parts; part++)
        {
            // The first one takes the others' blocks over.
            int most = part == 0 ? capacity : ((capacity - 1) / parts) + 1;
            _parts[part] = new FaultPart(_faults, _arrived, _order, _next, most);
        }
    }

    /// <summary>Number of faults in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Largest number of faults.</summary>
    public int Capacity => _faults.Length;

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

    /// <summary>Largest number of parts.</summary>
    public int PartLimit => _parts.Length;

    /// <summary>Number of look-ups from instance to client since the batch was made: one for each distinct instance of each part of each batch.</summary>
    public long LookUps { get; private set; }

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        Count = 0;
        _sorted = 0;
        _blockCount = 0;
        foreach (FaultPart part in _parts)
        {
            part.Clear();
        }
    }

    /// <summary>Where up to so many further faults are read to; <see cref="Keep(int)"/> adds them.</summary>
    public Span<FaultEntry> Room(int count) => RoomAt(Count, count);

    /// <summary>Where up to so many faults are read to from a number on; <see cref="Keep(int, int)"/> adds them.</summary>
    public Span<FaultEntry> RoomAt(int number, int count) => _faults.AsSpan(number, Math.Min(count, _faults.Length - number));

    /// <summary>Adds the first faults of the <see cref="Room"/>.</summary>
    public void Keep(int count) => Count += count;

    /// <summary>Adds faults that were read to a number on which is not below <see cref="Count"/>: they close up.</summary>
    public void Keep(int number, int count)
    {
        if (number != Count)
        {
            Array.Copy(_faults, number, _faults, Count, count);
        }

        Count += count;
    }

    /// <summary>Adds a fault; the batch is not full.</summary>
    public void Add(in FaultEntry fault) => _faults[Count++] = fault;

    /// <summary>A fault by its number, which is its place in the order of arrival.</summary>
    public ref readonly FaultEntry Fault(int number) => ref _faults[number];

    /// <summary>Finds each fault's client, and puts the faults together by client and block. Each block is to be sorted then.</summary>
    /// <param name="channels">Where instances are looked up; constant, and the clients open, until the batch is done.</param>
    public void Prepare(ChannelTable channels)
    {
        _parts[0].Prepare(0, Count, channels);
        _hasRuns = false;
        LayOut(1);
    }

    /// <summary>Does so for a part: several may be prepared at the same time, and are then joined.</summary>
    /// <param name="part">Its number, below <see cref="PartLimit"/>, which is more than 1.</param>
    /// <param name="channels">As there.</param>
    public void PreparePart(int part, ChannelTable channels)
    {
        int size = ((Count - 1) / _parts.Length) + 1;
        _parts[part].Prepare(Math.Min(part * size, Count), Math.Min((part + 1) * size, Count), channels);
        _parts[part].Group(_runs!);
    }

    /// <summary>Joins the parts, all of which are prepared.</summary>
    public void JoinParts()
    {
        for (int part = 1; part < _parts.Length; part++)
        {
            _parts[0].Join(_parts[part], _runs!);
        }

        _hasRuns = true;
        LayOut(_parts.Length);
    }

    /// <summary>Sorts the faults of a block by page, strongest access and arrival: before anything is asked about its places.</summary>
    /// <remarks>Blocks may be sorted at the same time.</remarks>
    public void Sort(FaultBlock block, BlockSorter sorter)
    {
        if (_hasRuns)
        {
            CopyRuns(block);
        }
        else
        {
            CopyChain(block);
        }

        sorter.Sort(_keys.AsSpan(block.First, block.End - block.First), _order.AsSpan(block.First, block.End - block.First));
    }

    private void CopyChain(FaultBlock block)
    {
        int number = block.Head;
        for (int place = block.First; ; place++)
        {
            _keys[place] = _arrived[number];
            _order[place] = number;
            if (place + 1 == block.End)
            {
                return;
            }

            number = _next[number];
        }
    }

    private void CopyRuns(FaultBlock block)
    {
        int run = block.Head;
        for (int place = block.First; ;)
        {
            int count = _runs!.Counts[run];
            _runs.Keys.AsSpan(run, count).CopyTo(_keys.AsSpan(place));
            _runs.Numbers.AsSpan(run, count).CopyTo(_order.AsSpan(place));
            place += count;
            if (place == block.End)
            {
                return;
            }

            run = _next[run];
        }
    }

    private void LayOut(int parts)
    {
        int refused = 0;
        foreach (FaultPart part in _parts.AsSpan(0, parts))
        {
            refused += part.Refused.Length;
            LookUps += part.LookUps;
        }

        _sorted = Count - refused;
        _blockCount = _parts[0].LayOut(_blocks);
        int end = Count;
        for (int part = parts - 1; part >= 0 && refused > 0; part--)
        {
            end -= _parts[part].Refused.Length;
            _parts[part].Refused.CopyTo(_order.AsSpan(end));
        }
    }

    /// <summary>The key at a place of the sorted batch.</summary>
    public FaultKey KeyAt(int place) => new(_keys[place]);

    /// <summary>Number of the fault at a place of the sorted batch.</summary>
    public int NumberAt(int place) => _order[place];

    /// <summary>The client of the faults at a place of the sorted batch.</summary>
    public SvmClient ClientAt(int place) => _parts[0].Client(KeyAt(place).Client)!;

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
    public bool IsKnown(in FaultEntry fault) => _parts[0].IsKnown(fault);
}
