namespace GpuSvm.Driver;

/// <summary>Counts what invalidations ask of a strategy. Guarded by the update lock, which every callback holds.</summary>
internal struct CallbackCounts
{
    /// <summary>An <see cref="IntervalNotifier"/> and its node in the tree of its address space; a test compares it with what is allocated.</summary>
    public const long BytesPerInterval = 168;

    private long _all;
    private long _inVain;

    /// <summary>A callback that was not to drop anything.</summary>
    public void Add() => _all++;

    /// <summary>A callback that was to drop entries.</summary>
    /// <param name="dropped">Number of pages that had one.</param>
    public void Add(long dropped)
    {
        _all++;
        _inVain += dropped == 0 ? 1 : 0;
    }

    /// <summary>The counts, with what else a strategy tells.</summary>
    public readonly MirrorStatistics With(int notifiers, long bytes) => new(notifiers, _all, _inVain, bytes);
}
