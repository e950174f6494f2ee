namespace GpuSvm.Driver;

/// <content>What happens when the CPU's view changes.</content>
public sealed partial class SizedRangesStrategy
{
    /// <inheritdoc/>
    Errno ISvmRangeOwner.TryAllocate(AddressRange range, out object? data)
    {
        data = _device.Memory is null ? null : new RangeHistory();
        return Errno.None;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The driver's own migrations count, too: the range must learn that its pages have moved. One drop with one flush for a notifier,
    /// widened to whole ranges. Source: Linux xe_svm.c, xe_svm_invalidate.
    /// </remarks>
    bool ISvmRangeOwner.Invalidate(SvmNotifier notifier, in Invalidation invalidation)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        AddressRange widened = default;
        foreach (SvmRange range in notifier.RangesIn(invalidation.Range))
        {
            widened = widened.IsEmpty ? range.Range : new AddressRange(widened.Start, range.Range.End);
            Note(range, invalidation);
        }

        _callbacks.Add(widened.IsEmpty ? 0 : _mirror.Drop(widened, invalidation.Cause));
        return true;
    }

    /// <inheritdoc/>
    void ISvmRangeOwner.DropEntries(SvmRange range)
    {
        ArgumentNullException.ThrowIfNull(range);
        _mirror.Drop(range.Range);
    }

    private void Note(SvmRange range, in Invalidation invalidation)
    {
        if (invalidation.Cause is InvalidationCause.Unmap or InvalidationCause.Release)
        {
            range.SetUnmapped(invalidation.Range);
            AddGarbage(range);
        }
        else if (range is { HasDevicePages: true, Data: RangeHistory history } && invalidation.Cause == InvalidationCause.Migrate)
        {
            history.HomeAt = _mirror.Clock.NowNanoseconds;
        }
    }
}
