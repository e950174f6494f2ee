using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Driver;

/// <content>The garbage collector: ranges of which something was unmapped are removed, or cut to what is left.</content>
/// <remarks>
/// Not in the callback that marks them: the mappings are changing, and it may take notifiers out. Source: Linux drm_gpusvm.c,
/// driver_garbage_collector; xe_svm.c.
/// </remarks>
public sealed partial class SizedRangesStrategy
{
    private readonly Queue<SvmRange> _garbage = [];
    private readonly WorkItem _collect;
    private int _garbageCount;
    private long _collections;

    /// <summary>Number of times that the garbage collector found something to do.</summary>
    public long Collections => SharedWord.Read(ref _collections);

    /// <summary>Collects the ranges of which something was unmapped; one read if there are none.</summary>
    /// <remarks>
    /// By several threads at once. Locking: takes the mmap lock shared, and the update lock; no lock from the
    /// mmap lock on is held.
    /// </remarks>
    internal void CollectGarbage()
    {
        if (SharedWord.Read(ref _garbageCount) == 0)
        {
            return;
        }

        SharedWord.Add(ref _collections, 1);
        while (TryTakeGarbage(out SvmRange? range))
        {
            Collect(range);
            range.Put();
        }
    }

    private void Collect(SvmRange range)
    {
        if (range.IsPartiallyUnmapped && _device is { Memory: not null, Ranges.PartialUnmap: PartialUnmap.DropRange })
        {
            // What cannot come home stays, and is found there by the ranges that the next faults make.
            _ = Space.Evict(range);
        }

        Space.Collect(range);
    }

    private void AddGarbage(SvmRange range)
    {
        range.Get();
        _garbage.Enqueue(range);
        SharedWord.Write(ref _garbageCount, _garbage.Count);
        _device.Background?.TryEnqueue(_collect);
    }

    private bool TryTakeGarbage([NotNullWhen(true)] out SvmRange? range)
    {
        using (_mirror.UpdateLock.Enter())
        {
            bool isTaken = _garbage.TryDequeue(out range);
            SharedWord.Write(ref _garbageCount, _garbage.Count);
            return isTaken;
        }
    }
}
