namespace GpuSvm.Svm;

/// <content>What happens when the CPU's view changes.</content>
public sealed partial class SvmSpace
{
    /// <inheritdoc/>
    /// <remarks>Source: Linux drm_gpusvm_notifier_invalidate.</remarks>
    bool IMirror.Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
    {
        SvmNotifier own = NotifierOf(notifier);
        if (!Operations.Invalidate(own, invalidation))
        {
            return false;
        }

        foreach (SvmRange range in own.RangesIn(invalidation.Range))
        {
            range.BeginPass(PartOf(range, invalidation));
        }

        return true;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A block is unmapped by the last of the invalidations that have told of it: an earlier one does not know of the flush of another.
    /// </remarks>
    void ITwoPassMirror.FinishInvalidation(IntervalNotifier notifier, in Invalidation invalidation)
    {
        SvmNotifier own = NotifierOf(notifier);
        Operations.FinishInvalidation(own, invalidation);
        using (NotifierLock.Enter())
        {
            foreach (SvmRange range in own.RangesIn(invalidation.Range))
            {
                range.EndPass(PartOf(range, invalidation), _dma);
            }
        }
    }

    /// <summary>Which part of a range an invalidation is for: with <see cref="PartialUnmap.DropRange"/> an unmap is for all of it.</summary>
    internal AddressRange PartOf(SvmRange range, in Invalidation invalidation) =>
        DropsCutRanges && invalidation.Cause == InvalidationCause.Unmap ? range.Range : invalidation.Range;

    private static SvmNotifier NotifierOf(IntervalNotifier notifier) => (SvmNotifier)notifier.Tag!;
}
