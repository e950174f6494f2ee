namespace GpuSvm.ExplorerPrograms;

/// <summary>A number that threads share without a lock; each look and each change is a schedule point.</summary>
internal sealed class SharedWord
{
    private int _value;

    public int Value
    {
        get
        {
            SchedulePoint.Reach(SchedulePointKind.Word);
            return Volatile.Read(ref _value);
        }

        set
        {
            SchedulePoint.Reach(SchedulePointKind.Word);
            Volatile.Write(ref _value, value);
        }
    }

    /// <summary>The number as an invariant sees it, between two steps.</summary>
    public int Peek => _value;
}
