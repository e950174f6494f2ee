namespace GpuSvm.Mm;

/// <content>Change of protection.</content>
public sealed partial class AddressSpace
{
    /// <summary>Changes what the program may do with a range.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="lengthBytes">Rounded up to whole pages; 0 succeeds and does nothing, as mprotect(2) does.</param>
    /// <param name="protection">The new protection.</param>
    /// <returns>
    /// EINVAL: unaligned or unknown protection. ENOMEM: a part of the range is not mapped, or a split makes too many mappings.
    /// Other than mprotect(2), which changes the pages before a hole, a call that fails changes nothing.
    /// </returns>
    public Errno Protect(VirtualAddress address, ulong lengthBytes, Protection protection)
    {
        if (!Page.IsAligned(address) || (protection & ~Protection.ReadWrite) != 0)
        {
            return Errno.EINVAL;
        }

        if (lengthBytes == 0)
        {
            return Errno.None;
        }

        if (address > _options.Window.End || lengthBytes > _options.Window.End.Value - address.Value)
        {
            return Errno.ENOMEM;
        }

        AddressRange range = AddressRange.FromLength(address, Page.Count(lengthBytes) * Page.Size);
        using (MmapLock.EnterExclusive())
        {
            VmaList.Plan plan = _vmas.Prepare(range, protection);
            if (!_vmas.Covers(range) || _vmas.CountAfter(plan) > _options.VmaLimit)
            {
                return Errno.ENOMEM;
            }

            if (_vmas.At(range.Start) is { } vma && vma.Protection == protection && vma.Range.Contains(range))
            {
                return Errno.None;
            }

            using (Open(range, InvalidationCause.ProtectionVma))
            {
                _vmas.Apply(plan);
                SetRights(range, protection);
            }

            return Errno.None;
        }
    }

    /// <summary>Brings the entries of a range in line with a new protection. Mmap lock held exclusively.</summary>
    /// <remarks>Write access is taken here but never given: a write fault gives it, which knows whether the page is shared.</remarks>
    private void SetRights(AddressRange range, Protection protection)
    {
        CpuFlush flush = default;
        ulong address = range.Start;
        while (_table.FindNext(ref address, range.End) is { } leaf)
        {
            ulong end = Math.Min(CpuPageTable.LeafEnd(address), range.End);
            using (leaf.Lock.Enter())
            {
                for (; address < end; address += Page.Size)
                {
                    SetRights(leaf, address, protection, ref flush);
                }
            }
        }

        if (protection == Protection.None)
        {
            flush.Detach(_cpu);
        }
        else
        {
            flush.WriteProtect(_cpu);
        }
    }

    private void SetRights(CpuLeaf leaf, ulong address, Protection protection, ref CpuFlush flush)
    {
        CpuPte pte = leaf.Read(address);
        if (!pte.HasFrame)
        {
            return;
        }

        Protection rights = EntryRights(pte.Rights, protection);
        if (rights == pte.Rights)
        {
            return;
        }

        leaf.SetRights(address, rights);
        if (rights < pte.Rights)
        {
            flush.Add(address);
        }
        else
        {
            _cpu.Map(AddressRange.PageAt(address), pte.Frame, rights);
        }
    }

    private static Protection EntryRights(Protection now, Protection wanted) =>
        wanted == Protection.None ? Protection.None :
        (wanted & Protection.Write) == 0 || now == Protection.None ? Protection.Read : now;
}
