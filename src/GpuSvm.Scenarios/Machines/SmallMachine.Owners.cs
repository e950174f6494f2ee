namespace GpuSvm.Scenarios;

/// <content>Every frame that is not free has one owner.</content>
internal sealed partial class SmallMachine
{
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
                entry.IsMigration ? _frames.IsLocked(entry.Frame) : _frames.MapCount(entry.Frame) == 1,
                "A frame is mapped once, or locked while its page is being moved.");
            for (int other = 0; other < page; other++)
            {
                CpuPte beside = Mm.PageTable.Read(PageAt(other));
                Demand(!Owns(beside) || beside.Frame != entry.Frame, "Two entries of the CPU's table don't hold one frame.");
            }
        }
    }

    /// <summary>When no thread runs every frame that is not free is mapped, by the one entry that its reference is for.</summary>
    private void CheckOwnersAtRest()
    {
        var owned = new List<FrameNumber>();
        for (int page = 0; page < PageCount; page++)
        {
            CpuPte entry = Mm.PageTable.Read(PageAt(page));
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
                $"A frame has one owner, or is free: {frame} has {_frames.ReferenceCount(frame)} references for {owners} entries.");
            Demand(!_frames.IsLocked(frame), "No page lock is left.");
        }
    }

    private bool Owns(CpuPte entry) => (entry.HasFrame || entry.IsMigration) && entry.Frame != _frames.ZeroFrame;
}
