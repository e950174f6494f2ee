namespace GpuSvm.Core;

/// <summary>Keeps objects that were used for the next who needs one: so work that comes again and again allocates nothing once it is warm.</summary>
/// <remarks>
/// Never waits: where none is left a new one is made, and what comes back when enough are kept is left to the garbage collector.
/// Thread-safe. Locking: a device lock of its own, not held while an object is made.
/// </remarks>
public sealed class BoundedPool<T>
    where T : class
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly Func<T> _make;
    private readonly T?[] _kept;
    private int _count;

    /// <summary>Makes an empty pool.</summary>
    /// <param name="make">Makes an object.</param>
    /// <param name="limit">Most objects that are kept: at least 1.</param>
    public BoundedPool(Func<T> make, int limit)
    {
        ArgumentNullException.ThrowIfNull(make);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        _make = make;
        _kept = new T?[limit];
    }

    /// <summary>Takes an object, for one user.</summary>
    public T Rent()
    {
        using (_lock.Enter())
        {
            if (_count > 0)
            {
                T kept = _kept[--_count]!;
                _kept[_count] = null;
                return kept;
            }
        }

        return _make();
    }

    /// <summary>Gives an object back that is not used any more.</summary>
    public void Return(T item)
    {
        using (_lock.Enter())
        {
            if (_count < _kept.Length)
            {
                _kept[_count++] = item;
            }
        }
    }
}
