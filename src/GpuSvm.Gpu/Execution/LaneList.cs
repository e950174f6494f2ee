namespace GpuSvm.Gpu;

/// <summary>GPU threads in a growing array, from which a random one is taken in constant time.</summary>
internal struct LaneList()
{
    private GpuThread[] _lanes = new GpuThread[32];

    internal int Count { get; private set; }

    internal readonly Span<GpuThread> Lanes => _lanes.AsSpan(0, Count);

    internal void Add(GpuThread lane)
    {
        if (Count == _lanes.Length)
        {
            Array.Resize(ref _lanes, 2 * Count);
        }

        _lanes[Count++] = lane;
    }

    internal GpuThread TakeRandom(SeededRandom random)
    {
        int index = Count == 1 ? 0 : random.Next(Count);
        GpuThread lane = _lanes[index];
        _lanes[index] = _lanes[--Count];
        return lane;
    }

    /// <summary>Removes a lane if it is there; the others keep their order.</summary>
    internal void Remove(GpuThread lane)
    {
        int index = Array.IndexOf(_lanes, lane, 0, Count);
        if (index >= 0)
        {
            Array.Copy(_lanes, index + 1, _lanes, index, --Count - index);
        }
    }

    /// <summary>Keeps the first lanes only.</summary>
    internal void Truncate(int count) => Count = count;
}
