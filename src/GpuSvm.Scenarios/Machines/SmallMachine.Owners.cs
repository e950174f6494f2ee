namespace GpuSvm.Scenarios;

/// <content>Every frame that is not free has one owner.</content>
internal sealed partial class SmallMachine
{
    /// <summary>Most entries that may name a frame.</summary>
    private int _mappings = 1;

    /// <summary>No two entries hold one frame, none holds a free one, and a page that is being moved is locked.</summary>
    private void CheckOwners()
    {
        for (int page = 0; page < PageCount; page++)
        {
            CpuPte entry = Mm.PageTable.Read(PageAt(page));
            if (!Owns(entry))
            {
                continue;
            }

            Demand(_frames.ReferenceCount(entry.Frame) > 0, "An entry of the CPU's table holds no frame that is free.");
            Demand(
                entry.IsMigration ? _frames.IsLocked(entry.Frame) : _frames.MapCount(entry.Frame) >= 1 && _frames.MapCount(entry.Frame) <= _mappings,
                "A frame is mapped once in each process, or locked while its page is being moved.");
            for (int other = 0; other < page; other++)
            {
                CpuPte beside = Mm.PageTable.Read(PageAt(other));
                Demand(!Owns(beside) || beside.Frame != entry.Frame, "Two entries of the CPU's table don't hold one frame.");
            }
        }
    }

    /// <summary>When no thread runs every frame that is not free is mapped, by the entries that its references are for.</summary>
    private void CheckOwnersAtRest()
    {
        VirtualAddress[] pages = [PageAt(0), PageAt(1), PageAt(2), MovedAddress];
        var owned = new List<FrameNumber>();
        foreach (CpuPte entry in _spaces.SelectMany(space => pages.Select(page => space.PageTable.Read(page))))
        {
            Demand(!entry.IsMigration, "No migration entry is left.");
            if (Owns(entry))
            {
                owned.Add(entry.Frame);
            }
        }

        for (ulong i = 0; i < _memory.FrameCount; i++)
        {
            var frame = new FrameNumber(i);
            int owners = owned.Count(one => one == frame);
            Demand(
                frame == _frames.ZeroFrame || (_frames.ReferenceCount(frame) == owners && _frames.MapCount(frame) == owners),
                $"A frame has its owners, or is free: {frame} has {_frames.ReferenceCount(frame)} references for {owners} entries.");
            Demand(!_frames.IsLocked(frame), "No page lock is left.");
        }
    }

    private bool Owns(CpuPte entry) => (entry.HasFrame || entry.IsMigration) && entry.Frame != _frames.ZeroFrame;
}
