using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Tables;

/// <summary>Maps pages by pfn into a page table and takes them back, with their DMA mappings and the TLB.</summary>
/// <typeparam name="TFormat">How entries are encoded.</typeparam>
/// <param name="tables">The page table.</param>
/// <param name="dma">Where system memory gets its device addresses.</param>
/// <param name="tlb">What forgets translations.</param>
/// <remarks>
/// <para>Addresses and sizes have been checked. Locking: the caller's, exclusive, for every call.</para>
/// <para>Source: Linux nouveau vmm.c, nvkm_vmm_pfn_map and nvkm_vmm_pfn_unmap; corrected as docs/departures.md says.</para>
/// </remarks>
internal sealed partial class PfnMapper<TFormat>(PageTable<TFormat> tables, IDmaMapper dma, ITlbInvalidator tlb)
    where TFormat : struct, IPageTableFormat
{
    // The encoded entries of the running call; 0 where nothing is to be mapped.
    private ulong[] _words = [];

    /// <summary>Number of pages mapped.</summary>
    public long MappedPages { get; private set; }

    /// <summary>Maps a run of small pages. All of them or none: what can fail comes first.</summary>
    /// <param name="address">Address of the first page.</param>
    /// <param name="pfns">The pages; those without V are skipped. On failure all V bits are cleared, as nothing was mapped.</param>
    public Errno Map(ulong address, Span<PfnEntry> pfns)
    {
        bool prepared = false;
        try
        {
            Errno error = TryMakeTables(address, pfns);
            if (error == Errno.None)
            {
                error = TryEncode(pfns);
            }

            prepared = error == Errno.None;
            if (!prepared)
            {
                return error;
            }
        }
        finally
        {
            // Also where the DMA mapper throws, for a frame that does not exist.
            if (!prepared)
            {
                RemoveUnusedTables(address, pfns.Length);
                Reject(pfns);
            }
        }

        WithdrawReplaced(address, pfns.Length);
        Publish(address, pfns.Length);
        return Errno.None;
    }

    private Errno TryMakeTables(ulong address, ReadOnlySpan<PfnEntry> pfns)
    {
        for (int done = 0; done < pfns.Length;)
        {
            ulong at = PageAt(address, done);
            int count = CountInTable(at, pfns.Length - done);
            if (AnyValid(pfns.Slice(done, count)))
            {
                Errno error = tables.TryMakePageTable(at);
                if (error != Errno.None)
                {
                    return error;
                }
            }

            done += count;
        }

        return Errno.None;
    }

    /// <summary>Encodes all entries into the scratch array, and maps host pages for DMA.</summary>
    private Errno TryEncode(ReadOnlySpan<PfnEntry> pfns)
    {
        if (_words.Length < pfns.Length)
        {
            _words = new ulong[pfns.Length];
        }

        Span<ulong> words = _words.AsSpan(0, pfns.Length);
        int done = 0;
        try
        {
            for (; done < pfns.Length; done++)
            {
                Errno error = TryEncode(pfns[done], out words[done]);
                if (error != Errno.None)
                {
                    return error;
                }
            }
        }
        finally
        {
            if (done < pfns.Length)
            {
                ReleaseHostPages(words[..done]);
            }
        }

        return Errno.None;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Errno TryEncode(PfnEntry pfn, out ulong word)
    {
        if (pfn.IsValid && !pfn.IsVideoMemory)
        {
            return TryEncodeHost(pfn, out word);
        }

        word = pfn.IsValid ? TFormat.EncodePage(new PageTarget(Aperture.VideoMemory, pfn.Address), pfn.Rights) : 0;
        return Errno.None;
    }

    private Errno TryEncodeHost(PfnEntry pfn, out ulong word)
    {
        word = 0;
        const TranslationRights Changing = TranslationRights.Write | TranslationRights.Atomic;
        DmaDirection direction = (pfn.Rights & Changing) != 0 ? DmaDirection.Bidirectional : DmaDirection.ToDevice;
        Errno error = dma.TryMap(new PhysicalAddress(pfn.Address).Frame, order: 0, direction, out DeviceAddress device);
        if (error != Errno.None)
        {
            return error;
        }

        var target = new PageTarget(Aperture.SystemCoherent, device.Value);
        if (!TFormat.CanAddress(target))
        {
            // The IOMMU has no address left that the device can reach.
            dma.Unmap(device, order: 0);
            return Errno.ENOMEM;
        }

        word = TFormat.EncodePage(target, pfn.Rights);
        return Errno.None;
    }

    /// <summary>Undoes <see cref="TryMakeTables"/>: a page table in which nothing is mapped can only be a new one.</summary>
    private void RemoveUnusedTables(ulong address, int pages)
    {
        var batch = new TlbBatch(PageTable<TFormat>.PageTableDepth);
        ulong at = address;
        ulong end = PageAt(address, pages);
        while (tables.NextPageTable(ref at, end) is { } node)
        {
            ulong next = PageAt(at, CountInTable(at, (int)((end - at) >> PageShift)));
            if (node.IsEmpty)
            {
                // A walk may have read the new directory entries already.
                batch.Add(at, next);
                batch.AddDirectory(tables.Unlink(node));
            }

            at = next;
        }

        batch.Flush(tlb, tables.Root);
        tables.FreeUnlinked();
    }

    /// <summary>Takes back the pages that are replaced, so that nobody uses an old one when the first new one shows.</summary>
    private void WithdrawReplaced(ulong address, int pages)
    {
        var batch = new TlbBatch(PageTable<TFormat>.PageTableDepth);
        for (int done = 0; done < pages;)
        {
            ulong at = PageAt(address, done);
            int count = CountInTable(at, pages - done);
            if (tables.FindPageTable(at) is { Count: > 0 } node)
            {
                int taken = WithdrawReplaced(EntriesAt(node, at, count), _words.AsSpan(done, count));
                if (taken > 0)
                {
                    node.Count -= taken;
                    MappedPages -= taken;
                    batch.Add(at, PageAt(at, count));
                }
            }

            done += count;
        }

        batch.Flush(tlb, tables.Root);
    }

    private static int WithdrawReplaced(Span<ulong> entries, ReadOnlySpan<ulong> words)
    {
        int taken = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            ulong before = entries[i];
            if (words[i] != 0 && TFormat.IsValidPage(before) && !MayStay(before, words[i]))
            {
                Volatile.Write(ref entries[i], TFormat.WithdrawPage(before));
                taken++;
            }
        }

        return taken;
    }

    /// <summary>True if an entry may be overwritten while it is valid. Never for a host page: its old DMA mapping has to go.</summary>
    private static bool MayStay(ulong before, ulong after) =>
        !TFormat.TargetOf(before).IsSystemMemory && TFormat.OnlyWidens(before, after);

    private void Publish(ulong address, int pages)
    {
        for (int done = 0; done < pages;)
        {
            ulong at = PageAt(address, done);
            int count = CountInTable(at, pages - done);
            if (tables.FindPageTable(at) is { } node)
            {
                int added = Publish(EntriesAt(node, at, count), _words.AsSpan(done, count));
                node.Count += added;
                MappedPages += added;
            }

            done += count;
        }
    }

    private int Publish(Span<ulong> entries, ReadOnlySpan<ulong> words)
    {
        int added = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            if (words[i] == 0)
            {
                continue;
            }

            ulong before = entries[i];
            if (!TFormat.IsValidPage(before))
            {
                added++;
                if (before != 0)
                {
                    ReleaseWithdrawn(before);
                }
            }

            Volatile.Write(ref entries[i], words[i]);
        }

        return added;
    }

    private static void Reject(Span<PfnEntry> pfns)
    {
        foreach (ref PfnEntry pfn in pfns)
        {
            pfn = pfn.Rejected();
        }
    }

    private static bool AnyValid(ReadOnlySpan<PfnEntry> pfns)
    {
        foreach (PfnEntry pfn in pfns)
        {
            if (pfn.IsValid)
            {
                return true;
            }
        }

        return false;
    }
}
