namespace GpuSvm.Gpu;

/// <summary>The ring of notifications of a software GPU.</summary>
/// <remarks>Locking: writers (SMs) take a device lock; the one reader (the driver) takes it only to move GET.</remarks>
public sealed class AccessCounterBuffer : IAccessCounterBuffer
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly AccessNotification[] _entries;
    private Action? _interrupt;
    private int _get;
    private int _put;
    private int _epoch;
    private long _dropped;

    /// <summary>Makes an empty ring.</summary>
    internal AccessCounterBuffer(AccessCounterOptions options)
    {
        Threshold = options.Threshold;
        Granularity = options.Granularity;
        _entries = new AccessNotification[options.Entries];
    }

    /// <inheritdoc/>
    public int EntryCount => _entries.Length;

    /// <inheritdoc/>
    public ByteSize Granularity { get; }

    /// <inheritdoc/>
    public int Get => SharedWord.Read(ref _get);

    /// <inheritdoc/>
    public int Put => SharedWord.Read(ref _put);

    /// <inheritdoc/>
    public long Dropped => SharedWord.Read(ref _dropped);

    /// <summary>Number of accesses after which a counter notifies.</summary>
    internal int Threshold { get; }

    /// <summary>Changes when the counters are to begin anew.</summary>
    internal int Epoch => SharedWord.Read(ref _epoch);

    /// <inheritdoc/>
    public void SetInterrupt(Action? handler) => SharedWord.Write(ref _interrupt, handler);

    /// <inheritdoc/>
    public AccessNotification Read(int index) => _entries[index];

    /// <inheritdoc/>
    public void WriteGet(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, EntryCount);
        using (_lock.Enter())
        {
            if (Distance(_get, index) > Distance(_get, _put))
            {
                throw new ArgumentOutOfRangeException(nameof(index), index, $"GET moves from {_get} at most to PUT, which is {_put}.");
            }

            SharedWord.Write(ref _get, index);
        }
    }

    /// <inheritdoc/>
    public void Clear() => SharedWord.Add(ref _epoch, 1);

    /// <summary>Writes an entry at PUT, or drops it. With no lock held.</summary>
    internal void Write(in AccessNotification notification)
    {
        bool isHalfFull;
        using (_lock.Enter())
        {
            int next = _put + 1 == EntryCount ? 0 : _put + 1;
            if (next == _get)
            {
                _dropped++;
                return;
            }

            _entries[_put] = notification;
            SharedWord.Write(ref _put, next);
            isHalfFull = Distance(_get, next) == EntryCount / 2;
        }

        if (isHalfFull)
        {
            SharedWord.Read(ref _interrupt)?.Invoke();
        }
    }

    private int Distance(int from, int to) => to >= from ? to - from : to - from + EntryCount;
}
