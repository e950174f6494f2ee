namespace GpuSvm.Mm;

/// <summary>Keeps a mirror of one range of an address space honest while the CPU changes that address space.</summary>
/// <remarks>
/// <para>A collision-retry scheme, like a sequence lock with many writers:</para>
/// <code>
/// while (notifier.TryReadBegin(deadline, out long sequence))   // waits out an invalidation that reached this notifier
/// {
///     /* look the pages up: slow, may wait, holds no lock of the mirror */
///     using (mirror.UpdateLock.Enter())
///     {
///         if (!notifier.ReadRetry(sequence)) { /* write the mirror's entries */ return Errno.None; }
///     }
/// }
/// return Errno.EBUSY;
/// </code>
/// <para>
/// The object can be inserted, removed and inserted again; that allocates nothing. Its sequence is always odd. It equals the sequence of
/// the address space exactly while an invalidation that reached it runs. Readers need no lock against its removal: see
/// <see cref="IsRemoved"/>. Source: Linux 7.0 mm/mmu_notifier.c, struct
/// mmu_interval_notifier.
/// </para>
/// </remarks>
public sealed class IntervalNotifier
{
    /// <summary>The sequence of a notifier that was removed by <see cref="IntervalNotifiers.RemoveDeferred"/>.</summary>
    internal const long Gone = -1;

    /// <summary>What a reader of such a notifier gets: no sequence of a notifier, which is odd.</summary>
    internal const long NeverConfirmed = 0;

    private long _sequence;

    /// <summary>Makes a notifier that is not inserted yet.</summary>
    /// <param name="mirror">What is told to drop its entries.</param>
    public IntervalNotifier(IMirror mirror)
    {
        ArgumentNullException.ThrowIfNull(mirror);
        Mirror = mirror;
    }

    /// <summary>What is told to drop its entries.</summary>
    public IMirror Mirror { get; }

    /// <summary>The addresses whose changes reach the notifier, as was asked last: insertion or resizing may be put off.</summary>
    /// <remarks>Changes under the mirror's update lock only.</remarks>
    public AddressRange Range { get; internal set; }

    /// <summary>The range by which invalidations reach the notifier now; another one than <see cref="Range"/> while a change is put off.</summary>
    /// <remarks>Does not change while a callback runs.</remarks>
    public AddressRange EnteredRange { get; internal set; }

    /// <summary>Free for the owner of the notifier.</summary>
    public object? Tag { get; set; }

    /// <summary>True from its insertion until it has left; insertions and removals that are put off have yet to happen.</summary>
    public bool IsInserted => Owner is not null;

    /// <summary>
    /// True once <see cref="IntervalNotifiers.RemoveDeferred"/> was called, until it is inserted again: no read under it is confirmed any
    /// more. A reader that is told to retry looks for another notifier.
    /// </summary>
    public bool IsRemoved => Sequence == Gone;

    /// <summary>The notifiers that this one is inserted in, or null.</summary>
    internal IntervalNotifiers? Owner { get; set; }

    /// <summary>What is put off for it. Guarded by the owner's lock.</summary>
    internal NotifierChange Pending { get; set; }

    /// <summary>True while a removal is put off: a second one is misuse. Guarded by the owner's lock.</summary>
    internal bool IsLeaving => Pending is NotifierChange.Leave or NotifierChange.Release;

    /// <summary>Its place in the tree; none while an insertion is put off. Guarded by the owner's lock.</summary>
    internal IntervalHandle Handle { get; set; }

    /// <summary>Sequence of the last invalidation that reached it; written under the update lock, and by insertion.</summary>
    internal long Sequence
    {
        get => SharedWord.Read(ref _sequence);
        set => SharedWord.Write(ref _sequence, value);
    }

    /// <summary>Starts to read the CPU's page table, after waiting out an invalidation that reached this notifier.</summary>
    /// <param name="deadline">Until when to wait.</param>
    /// <param name="sequence">For <see cref="ReadRetry"/>; it may be out of date at once, which ReadRetry tells.</param>
    /// <returns>False when the deadline passed first (EBUSY for the caller).</returns>
    /// <exception cref="InvalidOperationException">The notifier is not inserted.</exception>
    /// <remarks>
    /// A notifier that <see cref="IsRemoved"/> gives a sequence that ReadRetry never confirms. Locking: waits, so no lock from the page
    /// locks on may be held; never from a callback.
    /// </remarks>
    public bool TryReadBegin(Deadline deadline, out long sequence)
    {
        if (Owner is { } owner)
        {
            return owner.TryReadBegin(this, deadline, out sequence);
        }

        sequence = Breaks.RemovedIntervalConfirms ? Sequence : NeverConfirmed;
        return IsRemoved || Breaks.RemovedIntervalConfirms ? true : throw new InvalidOperationException("The notifier is not inserted.");
    }

    /// <summary>True if what was read since <paramref name="sequence"/> may be out of date: read again.</summary>
    /// <remarks>Locking: the mirror's update lock is held, or a lane of it, and kept until the mirror is written.</remarks>
    public bool ReadRetry(long sequence)
    {
        Mirror.UpdateLock.AssertLaneHeld();
        return CheckRetry(sequence) && !Breaks.NoReadRetry;
    }

    /// <summary>As <see cref="ReadRetry"/>, without the lock: true is certain, false only a hint. For long loops.</summary>
    public bool CheckRetry(long sequence) => Sequence != sequence;

    /// <summary>An invalidation has reached the notifier. Under the update lock.</summary>
    internal void Reach(long sequence)
    {
        if (!IsRemoved)
        {
            Sequence = sequence;
        }
    }
}
