namespace GpuSvm.Mm;

/// <content>What a migration does with frames: it locks many, and copies.</content>
public sealed partial class PageFrames
{
    private const FrameFlags MovingMarks = FrameFlags.AnonExclusive | FrameFlags.Dirty | FrameFlags.Accessed;

    /// <summary>Copies the bytes of a frame to another. Nobody stores to either meanwhile.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such frame.</exception>
    public void Copy(FrameNumber source, FrameNumber destination)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        Memory.Frame(source).CopyTo(Memory.Frame(destination));
    }

    /// <summary>Has a frame that nobody knows yet take the place of another: its marks, and the one entry that names it.</summary>
    /// <param name="source">The frame that is left.</param>
    /// <param name="from">Its state.</param>
    /// <param name="destination">The new frame.</param>
    /// <param name="to">Its state.</param>
    /// <param name="place">Where the entry is.</param>
    /// <remarks>By plain writes. Under the page-table lock of that entry, before it names the new frame.</remarks>
    internal void MoveName(FrameNumber source, ref FrameState from, FrameNumber destination, ref FrameState to, FrameMapping place)
    {
        if (Breaks.ObjectPageFoundEarly)
        {
            MovePlace(source, destination);
        }

        Checks.That(SharedWord.Read(ref to.Maps) == 0, "Nobody knows the new frame of a page before it has an entry.");
        SharedWord.Write(ref to.Flags, SharedWord.Read(ref to.Flags) | (SharedWord.Read(ref from.Flags) & (int)MovingMarks));
        _reverse.Remove(ref from.Mapping, source, place);
        ReverseMap.Begin(ref to.Mapping, place);
        SharedWord.Write(ref to.Maps, 1);

        // Last: from here on who touches an object's page elsewhere finds the frame, and adds an entry of his own.
        MovePlace(source, destination);
    }

    /// <summary>Gives the frame that a page has moved to the marks of the one that it has left, and has a memory object know where it is.</summary>
    /// <remarks>Under the page-table lock of the first entry that names the new frame: so nobody changes the marks meanwhile.</remarks>
    internal void MoveMarks(FrameNumber source, FrameNumber destination)
    {
        if (source != destination)
        {
            MovePlace(source, destination);
        }

        FrameFlags marks = FlagsOf(source) & MovingMarks;
        if (marks != 0 && source != destination)
        {
            SetFlags(destination, marks);
        }
    }
}
