namespace GpuSvm.Mm;

/// <summary>Takes the private memory of a process that is to be killed, so that others get frames before it has ended.</summary>
/// <remarks>
/// It waits for nobody: neither for the mmap lock, nor for a mirror. A mapping whose mirrors would have to wait is left out, and may be
/// tried again. The process must not run on: a touch of private memory that was not there or was taken faults from then on (EFAULT).
/// Source: Linux mm/oom_kill.c, __oom_reap_task_mm; MMF_UNSTABLE.
/// </remarks>
public static class OomReaper
{
    /// <summary>Frees what can be freed now.</summary>
    /// <param name="victim">The address space.</param>
    /// <param name="report">What was freed, and what was left out; nothing on failure.</param>
    /// <returns>EAGAIN: the mappings are just being changed; nothing was done.</returns>
    /// <remarks>
    /// Locking: takes the mmap lock of the victim, shared, if it is to be had at once; no lock from there on is held. Frames that others
    /// refer to too are freed when those let go.
    /// </remarks>
    public static Errno TryReap(AddressSpace victim, out ReapReport report)
    {
        ArgumentNullException.ThrowIfNull(victim);
        report = default;
        if (!victim.MmapLock.TryEnterShared(out RankedSharedLock.SharedScope scope))
        {
            return Errno.EAGAIN;
        }

        using (scope)
        {
            report = victim.Reap();
            return Errno.None;
        }
    }
}
