namespace GpuSvm.Mm;

/// <summary>The waiting side of page locks: one word in each frame's state, and a few wait queues that all frames share.</summary>
/// <param name="owner">What the lock checks name as the owner of the locks.</param>
/// <remarks>
/// Source: U. Drepper, "Futexes Are Tricky", 2011 (mutex with three states); Linux folio_wait_table for the hashed queues.
/// </remarks>
internal sealed class PageLocks(object owner)
{
    private const int Free = 0;
    private const int Held = 1;
    private const int HeldAndWaitedFor = 2;
    private const int QueueCount = 16;

    private readonly Bucket[] _buckets = [.. Enumerable.Range(0, QueueCount).Select(_ => new Bucket())];

    /// <summary>Waits for the lock and takes it.</summary>
    public void Lock(ref int word, FrameNumber frame)
    {
        SchedulePoint.Reach(SchedulePointKind.Lock);
        if (Checks.Enabled)
        {
            HeldLocks.Acquire(owner, LockRank.Page);
        }

        if (Interlocked.CompareExchange(ref word, Held, Free) == Free)
        {
            return;
        }

        Bucket bucket = BucketOf(frame);
        using (bucket.Guard.Enter())
        {
            while (Interlocked.Exchange(ref word, HeldAndWaitedFor) != Free)
            {
                bucket.Queue.Wait(Clock.Monotonic.After(TimeSpan.MaxValue));
            }
        }
    }

    /// <summary>Takes the lock if it is free.</summary>
    public bool TryLock(ref int word)
    {
        bool taken = TryTake(ref word);
        if (taken && Checks.Enabled)
        {
            HeldLocks.AcquireTried(owner, LockRank.Page);
        }

        return taken;
    }

    /// <summary>Releases the lock.</summary>
    public void Unlock(ref int word, FrameNumber frame)
    {
        if (Checks.Enabled)
        {
            HeldLocks.Release(owner);
        }

        Give(ref word, frame);
    }

    /// <summary>Takes the lock if it is free, for a caller that holds many and accounts for them as one lock.</summary>
    public static bool TryTake(ref int word)
    {
        SchedulePoint.Reach(SchedulePointKind.TryLock);
        return Interlocked.CompareExchange(ref word, Held, Free) == Free;
    }

    /// <summary>Has the lock of a frame that nobody knows yet begin as held; as <see cref="TryTake"/> does it.</summary>
    public static void BeginHeld(ref int word)
    {
        Checks.That(SharedWord.Read(ref word) == Free, "A free frame is not locked.");
        SharedWord.Write(ref word, Held);
    }

    /// <summary>Releases the lock that <see cref="TryTake"/> took.</summary>
    public void Give(ref int word, FrameNumber frame)
    {
        if (Open(ref word))
        {
            Wake(frame);
        }

        SchedulePoint.Reach(SchedulePointKind.Unlock);
    }

    /// <summary>Releases the lock that <see cref="TryTake"/> took, without a word to those who wait for it.</summary>
    /// <returns>True if somebody waits: then <see cref="Wake"/> follows.</returns>
    public static bool Open(ref int word)
    {
        int was = Interlocked.Exchange(ref word, Free);
        Checks.That(was != Free, "A page is unlocked only when it is locked.");
        return was == HeldAndWaitedFor;
    }

    /// <summary>Has those who wait for a lock look at it again.</summary>
    public void Wake(FrameNumber frame)
    {
        Bucket bucket = BucketOf(frame);
        using (bucket.Guard.Enter())
        {
            // With the guard held no waiter stands between its look at the word and its sleep.
            bucket.Queue.WakeAll();
        }
    }

    /// <summary>The lock of a page that comes out of another, and is held if that is: by the same thread.</summary>
    public static int CopyOf(ref int word) => IsLocked(ref word) ? Held : Free;

    /// <summary>Waits until the lock is released; at once if it is free. May return before, so the caller looks again.</summary>
    /// <remarks>Takes nothing: who waits for a page to stay is not who changes it. Source: Linux folio_put_wait_locked.</remarks>
    public void AwaitUnlock(ref int word, FrameNumber frame, Deadline deadline)
    {
        Bucket bucket = BucketOf(frame);
        using (bucket.Guard.Enter())
        {
            if (Interlocked.CompareExchange(ref word, HeldAndWaitedFor, Held) != Free || Breaks.LockWaitLost)
            {
                bucket.Queue.Wait(deadline);
            }
        }
    }

    /// <summary>True if some thread holds the lock.</summary>
    public static bool IsLocked(ref int word) => SharedWord.Read(ref word) != Free;

    private Bucket BucketOf(FrameNumber frame) => _buckets[frame.Value % QueueCount];

    private sealed class Bucket
    {
        public Bucket() => Queue = new WaitQueue(Guard);

        public RankedLock Guard { get; } = new(LockRank.Device);

        public WaitQueue Queue { get; }
    }
}
