using System.Runtime.CompilerServices;

namespace GpuSvm.Core;

/// <summary>The places where one thread's progress can matter to another: every lock, wait and shared word passes here.</summary>
/// <remarks>
/// In production a schedule point is nothing: what it does under stress (<c>GPUSVM_JITTER=1</c>) and in an explored process
/// (<c>GPUSVM_EXPLORE=1</c>) is compiled away. It is the one seam under which an <see cref="Explorer"/> decides which thread runs next,
/// without a change to any layer above.
/// </remarks>
public static class SchedulePoint
{
    /// <summary>Marks the point.</summary>
    /// <param name="kind">What the thread is about to do.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Reach(SchedulePointKind kind)
    {
        _ = kind;
        if (Jitter.Enabled)
        {
            Jitter.Perturb();
        }

        if (Exploration.Enabled)
        {
            ControlledThread.Reach(kind);
        }
    }
}
