namespace GpuSvm.Mm;

/// <summary>Hears of every invalidation of an address space, whatever its range, after the interval notifiers.</summary>
/// <remarks>
/// Locking: called with the mmap lock of the initiator at most; may take update locks and what lies below them, and must not wait for
/// another invalidation nor call back into the address space. Source: Linux struct mmu_notifier_ops.
/// </remarks>
public interface IAddressSpaceNotifier
{
    /// <summary>The CPU's entries of a range are about to change.</summary>
    /// <returns>
    /// True when done. False only for an invalidation that may not wait, when the notifier would have to; then it hears no end.
    /// </returns>
    bool InvalidateStart(in Invalidation invalidation);

    /// <summary>The CPU's entries have changed.</summary>
    void InvalidateEnd(in Invalidation invalidation);
}
