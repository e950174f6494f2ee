namespace GpuSvm.Mm;

/// <content>Single pages become huge ones on request.</content>
public sealed partial class AddressSpace
{
    /// <summary>Makes a huge page of each whole block of a range, whatever the policy.</summary>
    /// <returns>As <see cref="Advise"/> says for <see cref="Advice.Collapse"/>: of the last block that could not be collapsed.</returns>
    /// <remarks>Source: Linux mm/khugepaged.c, madvise_collapse, madvise_collapse_errno.</remarks>
    private Errno Collapse(VirtualAddress address, ulong lengthBytes)
    {
        Errno error = TryRange(address, lengthBytes, out AddressRange range);
        if (error != Errno.None || range.IsEmpty)
        {
            return error;
        }

        using (MmapLock.EnterExclusive())
        {
            error = CheckMapped(range, vma => vma.IsAnonymous && (vma.Flags & VmaFlags.NoHugePage) == 0 && !IsReaped(vma));
            if (error != Errno.None)
            {
                return error;
            }

            var collapse = new PageCollapse(this);
            foreach (Vma vma in _vmas.In(range))
            {
                Errno failed = Collapse(collapse, vma, vma.Range.Intersect(range));
                error = failed == Errno.None ? error : failed;
            }

            return error;
        }
    }

    /// <summary>Collapses the blocks of a mapping. None when it has none that is whole, EINVAL when it has less than the edge of one.</summary>
    private Errno Collapse(PageCollapse collapse, Vma vma, AddressRange range)
    {
        ulong start = HugePage.AlignDown(range.Start + (HugePage.Size - 1));
        ulong end = HugePage.AlignDown(range.End);
        Errno error = end < start || (_cpu.Capabilities & CpuCapabilities.FreeFrames) == 0 ? Errno.EINVAL : Errno.None;
        for (ulong block = start; block < end; block += HugePage.Size)
        {
            Errno failed = CollapseBlock(collapse, vma, block);
            error = failed == Errno.None ? error : failed;
        }

        return error;
    }

    private Errno CollapseBlock(PageCollapse collapse, Vma vma, ulong block)
    {
        if (_table.Find(block) is not { IsEmpty: false } leaf)
        {
            return Errno.EINVAL;
        }

        if (leaf.IsHuge && leaf.Read(block).HasFrame)
        {
            return Errno.None;
        }

        for (ulong page = block; page < block + HugePage.Size; page += Page.Size)
        {
            CpuPte pte = leaf.Read(page);
            DeviceWait none = default;
            if (!pte.IsNone && !pte.HasFrame && HandleFaultOnAwayPage(vma, leaf, page, pte, ref none) != Errno.None)
            {
                return pte.IsPoisoned ? Errno.EINVAL : Errno.EAGAIN;
            }
        }

        return collapse.Run(vma, leaf, block);
    }
}
