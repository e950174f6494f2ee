namespace GpuSvm.Mm;

/// <content>Reading the entries of a table.</content>
public static partial class HmmRangeFault
{
    /// <summary>Answers for the pages of one mapping in one leaf of the page table.</summary>
    private static Errno WalkLeaf(AddressSpace mm, Vma vma, in HmmRange range, ulong address, ulong end)
    {
        CpuLeaf? leaf = mm.PageTable.Find(address);
        HmmPfn mask = range.FlagsMask;
        HmmPfn always = range.DefaultFlags;
        Span<HmmPfn> pfns = range.Pfns.Slice(IndexOf(range, address), (int)((end - address) >> Page.Shift));
        bool isAliasable = vma.IsAliasable;
        if (TryFillHuge(mm, vma, leaf, pfns, address, range.Owner, mask | always))
        {
            return Errno.None;
        }

        for (int i = 0; i < pfns.Length; i++)
        {
            if (isAliasable && leaf is { IsHuge: false })
            {
                i += FillPresent(leaf.OwnWords(address + ((ulong)i << Page.Shift)), pfns[i..], mask, always);
            }

            if (i == pfns.Length)
            {
                break;
            }

            Errno error = FillOne(mm, vma, leaf, range, address + ((ulong)i << Page.Shift), ref pfns[i]);
            if (error != Errno.None)
            {
                return error;
            }

            leaf ??= mm.PageTable.Find(address);
        }

        return Errno.None;
    }

    /// <summary>Answers for pages up to the first that is not present as wanted: mostly for all.</summary>
    /// <param name="words">The entries of the pages; none where a huge one has taken their place since they were looked up.</param>
    /// <param name="pfns">The requests, and the answers.</param>
    /// <param name="mask">Which bits of the requests count.</param>
    /// <param name="always">What is asked of every page.</param>
    /// <returns>Number of pages.</returns>
    private static int FillPresent(ReadOnlySpan<ulong> words, Span<HmmPfn> pfns, HmmPfn mask, HmmPfn always)
    {
        for (int i = 0; i < pfns.Length && i < words.Length; i++)
        {
            var pte = new CpuPte(SharedWord.Read(in words[i]));
            HmmPfn asked = pfns[i];
            var found = HmmPfn.OfPresent(pte);
            if (!pte.IsPresent || NeedOf((asked & mask) | always, found) != Need.Nothing)
            {
                return i;
            }

            pfns[i] = asked.Sticky | found;
        }

        return pfns.Length;
    }

    /// <summary>Answers for a page in any state, and faults it in if it is wanted otherwise.</summary>
    private static Errno FillOne(
        AddressSpace mm, Vma vma, CpuLeaf? leaf, in HmmRange range, ulong address, ref HmmPfn pfn)
    {
        HmmPfn found = Look(mm, vma, leaf, address, range.Owner, out bool isSettled);
        HmmPfn request = (pfn & range.FlagsMask) | range.DefaultFlags;
        if (!isSettled && NeedOf(request, found) != Need.Nothing)
        {
            // A page that no device can use where it is must be moved first, by who has it move; to the CPU it need not come for that.
            Errno error = vma.IsAliasable
                ? FaultIn(mm, vma, request, range.Owner, address, out found)
                : RefuseAtHome(mm, vma, request, address);
            if (error != Errno.None)
            {
                return error;
            }
        }

        pfn = pfn.Sticky | found;
        return Errno.None;
    }

    private static Errno RefuseAtHome(AddressSpace mm, Vma vma, HmmPfn request, ulong address)
    {
        bool mayWrite = !request.AsksForWrite || vma.Allows(CpuAccess.Write);
        bool isPoisoned = mm.PageTable.Read(address).IsPoisoned;
        return !mayWrite ? Errno.EPERM : isPoisoned ? Errno.EFAULT : Errno.EXDEV;
    }

    /// <summary>Answers for all pages at once where they are parts of a huge page that is there as wanted.</summary>
    private static bool TryFillHuge(
        AddressSpace mm, Vma vma, CpuLeaf? leaf, Span<HmmPfn> pfns, ulong address, object? owner, HmmPfn requests)
    {
        if (leaf is not { IsHuge: true })
        {
            return false;
        }

        HmmPfn first = Look(mm, vma, leaf, address, owner, out bool isSettled);
        if (first.Order == 0 || (requests.AsksForWrite && !first.IsWritable && !isSettled))
        {
            return false;
        }

        HmmPfn.FillRun(pfns, first);
        return true;
    }

    /// <summary>What an entry says.</summary>
    /// <param name="mm">The address space.</param>
    /// <param name="vma">The page's mapping.</param>
    /// <param name="leaf">The page's table, or null.</param>
    /// <param name="address">The page.</param>
    /// <param name="owner">Whose private pages count as present.</param>
    /// <param name="isSettled">True if no fault could say more.</param>
    private static HmmPfn Look(AddressSpace mm, Vma vma, CpuLeaf? leaf, ulong address, object? owner, out bool isSettled)
    {
        CpuPte pte = leaf?.Read(address) ?? default;
        isSettled = pte.IsDevicePrivate && owner is not null && mm.Frames.PagemapOf(pte.Frame)?.Owner == owner;

        // The zero page is one frame, however large its entry.
        int order = pte.IsHuge && !pte.IsRepeated ? HugePage.Order : 0;
        return (pte.IsPresent && vma.IsAliasable) || isSettled ? HmmPfn.Of(pte.Frame, pte.KeptRights == Protection.ReadWrite, order) : default;
    }
}
