namespace GpuSvm.Mm;

/// <content>What a migration does with frames: it locks many, and copies.</content>
public sealed partial class PageFrames
{
    /// <summary>Copies the bytes of a frame to another. Nobody stores to either meanwhile.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such frame.</exception>
    public void Copy(FrameNumber source, FrameNumber destination)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        Memory.Frame(source).CopyTo(Memory.Frame(destination));
    }

    /// <summary>Gives the frame that a page has moved to the marks of the one that it has left, and has a memory object know where it is.</summary>
    /// <remarks>Under the page-table lock of the first entry that names the new frame: so nobody changes the marks meanwhile.</remarks>
    internal void MoveMarks(FrameNumber source, FrameNumber destination)
    {
        if (source != destination)
        {
            MovePlace(source, destination);
        }

        const FrameFlags Moving = FrameFlags.AnonExclusive | FrameFlags.Dirty | FrameFlags.Accessed;
        FrameFlags marks = FlagsOf(source) & Moving;
        if (marks != 0 && source != destination)
        {
            SetFlags(destination, marks);
        }
    }
}
