namespace GpuSvm.Mmu.Spaces;

/// <summary>Shows every table that is reachable from a root, by what its encoded entries say.</summary>
/// <typeparam name="TFormat">The format of the tables.</typeparam>
/// <param name="memory">Where they lie.</param>
/// <param name="visitor">Who is shown them.</param>
internal sealed class TableDump<TFormat>(IPageTableMemory memory, IAddressSpaceVisitor visitor)
    where TFormat : struct, IPageTableFormat
{
    private static int PageTableDepth => TFormat.LevelCount - 1;

    /// <summary>Shows the directories of each depth, then the large page tables, then the small ones.</summary>
    public void Show(PageDirectoryBase root)
    {
        var cursor = new TableCursor<TFormat>(memory);
        for (int depth = 0; depth < PageTableDepth; depth++)
        {
            int wanted = depth;
            cursor.ForEachTable(root, wanted, (address, tables) => ShowDirectory(wanted, address, tables.Table));
        }

        cursor.ForEachTable(root, PageTableDepth, (address, tables) =>
            ShowPages(PageTableSize.Large, TFormat.LargePageTable, address, tables.LargeTable));
        cursor.ForEachTable(root, PageTableDepth, (address, tables) =>
            ShowPages(PageTableSize.Small, TFormat.SmallPageTable, address, tables.Table));
    }

    private void ShowDirectory(int depth, ulong address, ulong table)
    {
        TableLayout layout = TFormat.Directory(depth);
        int words = layout.EntryWords;
        ReadOnlySpan<ulong> entries = memory.Words(table, layout.SizeBytes);
        for (int i = 0; i < layout.EntryCount;)
        {
            ReadOnlySpan<ulong> entry = entries.Slice(i * words, words);
            int next = words == 1 || !entry.ContainsAnyExcept(0UL) ? RunEnd(entries, i * words) / words : i + 1;
            while (next < layout.EntryCount && entries.Slice(next * words, words).SequenceEqual(entry))
            {
                next++;
            }

            if (entry.ContainsAnyExcept(0UL))
            {
                ulong high = words == 2 ? entry[1] : 0;
                visitor.VisitDirectory(PageTableDepth - depth, address + ((ulong)i << layout.Shift), next - i, entry[0], high);
            }

            i = next;
        }
    }

    private void ShowPages(PageTableSize size, TableLayout layout, ulong address, ulong table)
    {
        if (table == 0)
        {
            return;
        }

        ReadOnlySpan<ulong> entries = memory.Words(table, layout.SizeBytes);
        for (int i = 0; i < entries.Length;)
        {
            int next = RunEnd(entries, i);
            if (entries[i] != 0)
            {
                visitor.VisitPages(size, address + ((ulong)i << layout.Shift), next - i, entries[i]);
            }

            i = next;
        }
    }

    /// <summary>Where the words end that are equal to one and follow it.</summary>
    private static int RunEnd(ReadOnlySpan<ulong> words, int first)
    {
        int length = words[first..].IndexOfAnyExcept(words[first]);
        return length < 0 ? words.Length : first + length;
    }
}
