using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Tables;

internal sealed partial class PfnMapper<TFormat>
{
    private TableNode? _touched;

    private static int PageShift => TFormat.SmallPageTable.Shift;

    /// <summary>Unmaps all pages of a range. Allocates nothing and cannot fail.</summary>
    /// <param name="start">Address of the first page.</param>
    /// <param name="end">Address behind the last page.</param>
    /// <remarks>
    /// The order is the point: entries become invalid and empty tables are unlinked; the TLB is flushed; only then are pages released
    /// and tables freed.
    /// </remarks>
    public void Unmap(ulong start, ulong end)
    {
        var batch = new TlbBatch(PageTable<TFormat>.PageTableDepth);
        Withdraw(start, end, ref batch);
        batch.Flush(tlb, tables.Root);
        ReleaseTouched();
        tables.FreeUnlinked();
    }

    private void Withdraw(ulong start, ulong end, ref TlbBatch batch)
    {
        ulong at = start;
        while (tables.NextPageTable(ref at, end) is { } node)
        {
            int count = CountInTable(at, (int)Math.Min((end - at) >> PageShift, int.MaxValue));
            ulong next = PageAt(at, count);
            int taken = Withdraw(EntriesAt(node, at, count));
            if (taken > 0)
            {
                node.Count -= taken;
                MappedPages -= taken;
                node.TouchedFrom = TFormat.SmallPageTable.Index(at);
                node.TouchedTo = node.TouchedFrom + count;
                node.NextTouched = _touched;
                _touched = node;
                batch.Add(at, next);
                if (node.IsEmpty)
                {
                    batch.AddDirectory(tables.Unlink(node));
                }
            }

            at = next;
        }
    }

    private static int Withdraw(Span<ulong> entries)
    {
        int taken = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            ulong before = entries[i];
            if (TFormat.IsValidPage(before))
            {
                Volatile.Write(ref entries[i], TFormat.WithdrawPage(before));
                taken++;
            }
        }

        return taken;
    }

    /// <summary>Releases the pages that were taken back, now that no access can reach them, and clears their entries.</summary>
    private void ReleaseTouched()
    {
        while (_touched is { } node)
        {
            Span<ulong> entries = tables.SmallEntries(node)[node.TouchedFrom..node.TouchedTo];
            ReleaseHostPages(entries);

            // The entries of a table that is about to be freed are nobody's business any more.
            if (!node.IsEmpty)
            {
                entries.Clear();
            }

            _touched = node.NextTouched;
            node.NextTouched = null;
        }
    }

    private void ReleaseHostPages(ReadOnlySpan<ulong> words)
    {
        foreach (ulong word in words)
        {
            ReleaseWithdrawn(word);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ReleaseWithdrawn(ulong word)
    {
        PageTarget target = TFormat.TargetOf(word);
        if (target.IsSystemMemory)
        {
            dma.Unmap(new DeviceAddress(target.Address), order: 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<ulong> EntriesAt(TableNode node, ulong address, int count) =>
        tables.SmallEntries(node).Slice(TFormat.SmallPageTable.Index(address), count);

    /// <summary>How many of <paramref name="pages"/> pages from <paramref name="address"/> on lie in one page table.</summary>
    private static int CountInTable(ulong address, int pages) =>
        Math.Min(pages, TFormat.SmallPageTable.EntryCount - TFormat.SmallPageTable.Index(address));

    private static ulong PageAt(ulong address, int pages) => address + ((ulong)pages << PageShift);
}
