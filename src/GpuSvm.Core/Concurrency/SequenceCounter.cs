using System.Runtime.CompilerServices;

namespace GpuSvm.Core;

/// <summary>A number that only grows, read without a lock to see whether something came between.</summary>
public struct SequenceCounter
{
    private long _value;

    /// <summary>The number now; reads that follow are not moved before it.</summary>
    public readonly long Value
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            SchedulePoint.Reach(SchedulePointKind.Word);
            return Volatile.Read(in _value);
        }
    }

    /// <summary>Adds one; a full fence.</summary>
    public void Advance()
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        Interlocked.Increment(ref _value);
    }
}
