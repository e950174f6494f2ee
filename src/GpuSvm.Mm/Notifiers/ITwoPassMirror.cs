namespace GpuSvm.Mm;

/// <summary>A mirror that starts to flush when it is told of an invalidation, and is waited for when all mirrors were told.</summary>
/// <remarks>
/// So the flushes of several devices run at the same time. Its <see cref="IMirror.Invalidate"/> is the first pass: it drops its entries and
/// starts the flush; only after the second pass no access through an old entry can complete any more.
/// Source: Linux, "mmu_notifier: Allow two-pass struct mmu_interval_notifiers" (invalidate_start and invalidate_finish).
/// </remarks>
public interface ITwoPassMirror : IMirror
{
    /// <summary>Waits until no access through an entry that the first pass dropped can complete any more.</summary>
    /// <param name="notifier">The notifier whose first pass has returned true for the same invalidation.</param>
    /// <param name="invalidation">The invalidation.</param>
    /// <remarks>
    /// Called for every first pass that returned true, also when another mirror then refuses; before plain notifiers are told and before
    /// the CPU's table changes. Several threads may be in it at once. Locking: called without <see cref="IMirror.UpdateLock"/>; takes no
    /// lock of lower rank than that, and waits for the device only, for a time that the device bounds: also when the invalidation may not wait.
    /// </remarks>
    void FinishInvalidation(IntervalNotifier notifier, in Invalidation invalidation);
}
