namespace GpuSvm.Mm;

/// <summary>A device's copy of part of an address space: a GPU page table, or a cache of translations.</summary>
public interface IMirror
{
    /// <summary>Serialises every change to the mirror. Rank: <see cref="LockRank.Update"/>.</summary>
    RankedLock UpdateLock { get; }

    /// <summary>Who the device is, as <see cref="Invalidation.Owner"/> names it; null for nobody.</summary>
    /// <remarks>
    /// Fixed. An invalidation of cause <see cref="InvalidationCause.Exclusive"/> by the device itself passes the mirror over, its sequence
    /// too: it could never map the page else. Source: Linux nouveau_svm_range_invalidate.
    /// </remarks>
    object? Owner => null;

    /// <summary>Drops the mirror's entries for a range.</summary>
    /// <param name="notifier">The notifier that was reached; its sequence is set already.</param>
    /// <param name="invalidation">What changes; its range may reach beyond the notifier's on both sides.</param>
    /// <returns>
    /// True when done: no device access through an old entry can complete any more. False only for an invalidation that may not wait,
    /// when the mirror would have to.
    /// </returns>
    /// <remarks>Locking: called with <see cref="UpdateLock"/> held. Must not wait for another invalidation, nor call back into Mm.</remarks>
    bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation);

    /// <summary>A notifier that was removed by <see cref="IntervalNotifiers.RemoveDeferred"/> has left: no callback of it runs or will run.</summary>
    /// <param name="notifier">The notifier; it may be inserted again.</param>
    /// <remarks>
    /// Locking: called by the thread that removed it or by one that ends an invalidation, with <see cref="UpdateLock"/> held or not; so it
    /// may take locks of higher rank than that only, and must not wait. Source: the release operation of the interval patch of 2020.
    /// </remarks>
    void Released(IntervalNotifier notifier)
    {
    }
}
