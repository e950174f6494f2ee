namespace GpuSvm.Core;

/// <summary>Makes every thread of the process pass a full memory barrier, so that the hot path of accesses needs none of its own.</summary>
/// <remarks>
/// An access marks itself in flight with a plain store and then reads its translation; a flush drops the translation, passes this
/// barrier and then reads the mark. Either the access sees the drop or the flush sees the mark. Source: Linux membarrier(2),
/// MEMBARRIER_CMD_PRIVATE_EXPEDITED, which the runtime uses for this.
/// </remarks>
public static class AccessBarrier
{
    /// <summary>Returns when every running thread of the process has passed a full barrier.</summary>
    public static void Pass()
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        if (Exploration.Enabled && ControlledThread.Current is not null)
        {
            // One thread runs at a time, and handing over is a barrier.
            return;
        }

        if (LeftOutBarriers.AccessOfOthers)
        {
            Interlocked.MemoryBarrier();
        }
        else if (!LeftOutBarriers.Access)
        {
            Interlocked.MemoryBarrierProcessWide();
        }
    }
}
