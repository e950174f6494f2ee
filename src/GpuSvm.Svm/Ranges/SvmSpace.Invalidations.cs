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
            range.BeginPass();
        }

        return true;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The pages of a range are unmapped by the last of the invalidations that have told it: an earlier one does not know of the flush
    /// of another.
    /// </remarks>
    void ITwoPassMirror.FinishInvalidation(IntervalNotifier notifier, in Invalidation invalidation)
    {
        SvmNotifier own = NotifierOf(notifier);
        Operations.FinishInvalidation(own, invalidation);
        using (NotifierLock.Enter())
        {
            foreach (SvmRange range in own.RangesIn(invalidation.Range))
            {
                if (range.EndPass())
                {
                    Unmap(range.TakeMapping());
                }
            }
        }
    }

    private static SvmNotifier NotifierOf(IntervalNotifier notifier) => (SvmNotifier)notifier.Tag!;
}
