namespace GpuSvm.Mm;

/// <summary>What one unmap takes out of a page table: which pages the CPU must forget, and which frames are freed after that.</summary>
/// <remarks>Locking: used with the mmap lock held exclusively.</remarks>
internal sealed class PageZap(CpuPageTable table, PageFrames frames, ICpu cpu)
{
    private readonly List<FrameNumber> _frames = [];

    /// <summary>Clears all entries of a range, flushes the CPU once, and gives the frames back.</summary>
    public void Run(AddressRange range)
    {
        CpuFlush flush = default;
        ulong address = range.Start;
        while (table.FindNext(ref address, range.End) is { } leaf)
        {
            ulong end = Math.Min(CpuPageTable.LeafEnd(address), range.End);
            Clear(leaf, address, end, ref flush);
            table.RemoveIfEmpty(address);
            address = end;
        }

        flush.Detach(cpu);
        foreach (FrameNumber frame in _frames)
        {
            frames.RemoveMap(frame);
            frames.Put(frame);
        }

        _frames.Clear();
    }

    private void Clear(CpuLeaf leaf, ulong address, ulong end, ref CpuFlush flush)
    {
        using (leaf.Lock.Enter())
        {
            for (; address < end; address += Page.Size)
            {
                CpuPte pte = leaf.Clear(address);
                if (pte.IsPresent)
                {
                    flush.Add(address);
                }

                if (pte.HasFrame)
                {
                    _frames.Add(pte.Frame);
                }
            }
        }
    }
}
