namespace GpuSvm.Driver;

/// <summary>How a client's mirror hears of changes of its address space: which intervals it watches, and when.</summary>
/// <remarks>
/// <para>
/// A strategy names, for a page that is about to be mapped, the notifier whose sequence guards it. Everything else of a fault is the same
/// for all strategies: <see cref="FaultResolver"/> follows the collision-retry protocol with that notifier.
/// </para>
/// <para>
/// The promise: an entry that was written inside <see cref="MirrorInterval.Range"/> after <c>ReadRetry</c> answered false is dropped by the
/// next invalidation that overlaps it, whether the interval is still held or not.
/// </para>
/// </remarks>
public interface IMirrorStrategy : IDisposable
{
    /// <summary>The strategy's name in tables and options.</summary>
    string Name { get; }

    /// <summary>Begins to guard a page.</summary>
    /// <param name="page">Address of the page's first byte.</param>
    /// <param name="interval">The interval that covers the page, and perhaps more that may be mapped with it.</param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.EINVAL"/> when the address space has ended; <see cref="Errno.EFAULT"/> when nothing is
    /// mapped there. Give the interval back with <see cref="Release"/> in the first case only.
    /// </returns>
    /// <remarks>
    /// An interval may shrink or leave while it is held, by an invalidation: then <see cref="MirrorInterval.Guards"/> says no, and the
    /// page is acquired again. Locking: holds no mm lock on entry. One fault at a time per strategy in this version.
    /// </remarks>
    Errno TryAcquire(VirtualAddress page, out MirrorInterval interval);

    /// <summary>Ends what <see cref="TryAcquire"/> began; what was mapped stays guarded.</summary>
    /// <remarks>Locking: may wait for invalidations that run; no page lock, update lock or anything below may be held.</remarks>
    void Release(in MirrorInterval interval);
}
