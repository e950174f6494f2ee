namespace GpuSvm.Mm;

/// <summary>Takes a page from all address spaces that share it, and gives it back to all, while a device has it alone.</summary>
/// <remarks>
/// The page's lock is held, so nobody enters it anywhere meanwhile: <see cref="FrameFlags.DeviceExclusive"/> says to who comes later that
/// nobody has it. No page-table lock is held.
/// </remarks>
internal static class SharedExclusive
{
    /// <summary>Takes a page from all address spaces but one, with their mirrors.</summary>
    public static void Take(PageFrames frames, FrameNumber frame, FrameMapping except)
    {
        frames.SetFlags(frame, FrameFlags.DeviceExclusive);
        foreach (FrameMapping place in PlacesOf(frames, frame))
        {
            if (place != except && frames.SpaceOf(place.SpaceId) is { } space && space.PageTable.Find(place.Page) is { } leaf)
            {
                TakeAt(space, leaf, place.Page, frame);
            }
        }
    }

    /// <summary>Gives a page back to all address spaces.</summary>
    public static void End(PageFrames frames, FrameNumber frame)
    {
        // First from the devices in all of them, then back to the CPUs: a device has it through one, and a CPU touches it in another.
        List<FrameMapping> places = PlacesOf(frames, frame);
        foreach (FrameMapping place in places)
        {
            frames.SpaceOf(place.SpaceId)?.Open(AddressRange.PageAt(place.Page), InvalidationCause.Clear).Dispose();
        }

        foreach (FrameMapping place in places)
        {
            if (frames.SpaceOf(place.SpaceId) is { } space && space.PageTable.Find(place.Page) is { } leaf)
            {
                using (leaf.Lock.Enter())
                {
                    space.RestoreExclusive(leaf, place.Page, frame);
                }
            }
        }

        frames.SetFlags(frame, FrameFlags.None, FrameFlags.DeviceExclusive);
    }

    private static List<FrameMapping> PlacesOf(PageFrames frames, FrameNumber frame)
    {
        List<FrameMapping> places = [];
        frames.CopyMappings(frame, places);
        return places;
    }

    private static void TakeAt(AddressSpace space, CpuLeaf leaf, ulong page, FrameNumber frame)
    {
        AddressRange range = AddressRange.PageAt(page);
        using (space.Open(range, InvalidationCause.Clear))
        using (leaf.Lock.Enter())
        {
            CpuPte pte = leaf.Read(page);
            if (pte.HasFrame && pte.Frame == frame)
            {
                space.Frames.NoteMarks(leaf.BeginExclusive(page));
                DeviceExclusive.TakeFromCpu(space, range, frame);
            }
        }
    }
}
