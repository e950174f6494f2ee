namespace GpuSvm.Driver;

/// <summary>How a client's mirror hears of changes of its address space: which intervals it watches, and when.</summary>
/// <remarks>
/// <para>
/// A strategy names, for a page that is about to be mapped, the notifier whose sequence guards it. Everything else of a fault is the same
/// for all strategies: <see cref="BlockService"/> follows the collision-retry protocol with that notifier.
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

    /// <summary>What following the address space costs, counted since the strategy began.</summary>
    /// <remarks>The parts are read one after the other: exact when nothing runs. Locking: takes the update lock.</remarks>
    MirrorStatistics Statistics { get; }

    /// <summary>Begins to guard pages that are about to be mapped.</summary>
    /// <param name="wanted">One or more whole pages inside one aligned 2 MiB block.</param>
    /// <param name="worker">Which worker asks: 0 to <see cref="GpuMirror.Workers"/> - 1.</param>
    /// <param name="interval">
    /// The interval that guards the first page of <paramref name="wanted"/> at least, and perhaps more that may be mapped with it. For what
    /// of <paramref name="wanted"/> lies outside its range the caller acquires again.
    /// </param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.EINVAL"/> when the address space has ended; <see cref="Errno.EFAULT"/> when nothing is
    /// mapped at the first page. Give the interval back with <see cref="Release"/> in the first case only.
    /// </returns>
    /// <remarks>
    /// An interval may shrink or leave while it is held, by an invalidation: then <see cref="MirrorInterval.Guards"/> says no, and the
    /// pages are acquired again. Different workers call at the same time, never for the same block; one worker holds one interval at a
    /// time. Locking: holds no mm lock on entry.
    /// </remarks>
    Errno TryAcquire(AddressRange wanted, int worker, out MirrorInterval interval);

    /// <summary>Ends what <see cref="TryAcquire"/> began; what was mapped stays guarded.</summary>
    /// <remarks>Locking: may wait for invalidations that run; no page lock, update lock or anything below may be held.</remarks>
    void Release(in MirrorInterval interval);
}
