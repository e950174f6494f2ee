namespace GpuSvm.PostedStrategies;

/// <summary>How the posted unmap cuts an interval: it compares the interval's last byte with the unmap's end, which lies behind its last.</summary>
internal static class PostedCut
{
    /// <summary>What remains of an interval beside a hole that overlaps it.</summary>
    /// <returns>The range that the interval keeps, or null if it goes; and that of an interval that is added, or null.</returns>
    public static (AddressRange? Kept, AddressRange? Added) PiecesBeside(AddressRange hole, AddressRange interval)
    {
        ulong last = interval.End.Value - 1;
        if (interval.Start >= hole.Start)
        {
            return (last <= hole.End.Value ? null : new AddressRange(hole.End, last + 1), null);
        }

        return (new AddressRange(interval.Start, hole.Start), last >= hole.End.Value ? new AddressRange(hole.End, last + 1) : null);
    }
}
