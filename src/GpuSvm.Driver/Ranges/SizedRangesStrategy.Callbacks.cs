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
    /// widened to whole blocks. Source: Linux xe_svm.c, xe_svm_invalidate.
    /// </remarks>
    bool ISvmRangeOwner.Invalidate(SvmNotifier notifier, in Invalidation invalidation)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        AddressRange blocks = notifier.EntriesOf(invalidation);
        AddressRange entries = default;
        foreach (SvmRange range in notifier.RangesIn(invalidation.Range))
        {
            // Of what was mapped page by page the range knows nothing.
            AddressRange part = range.Range.Intersect(invalidation.Range);
            entries = entries.IsEmpty ? part : new AddressRange(entries.Start, part.End);
            Note(range, invalidation);
        }

        if (!blocks.IsEmpty)
        {
            entries = new AddressRange(
                Math.Min(entries.Start, blocks.Start), Math.Max(entries.End, blocks.End));
        }

        _callbacks.Add(entries.IsEmpty ? 0 : _mirror.Drop(entries, invalidation.Cause));
        return true;
    }

    /// <inheritdoc/>
    void ISvmRangeOwner.DropEntries(SvmRange range, AddressRange part) => _mirror.Drop(part);

    private void Note(SvmRange range, in Invalidation invalidation)
    {
        if (invalidation.Cause is InvalidationCause.Unmap or InvalidationCause.Release)
        {
            if (!range.IsUnmapped)
            {
                AddGarbage(range);
            }

            range.SetUnmapped(invalidation.Range);
        }
        else if (range.Data is RangeHistory history && invalidation.Cause == InvalidationCause.Migrate)
        {
            history.NoteMigration();
        }
    }
}
