namespace GpuSvm.Mmu.Spaces;

/// <summary>Finds the tables that encoded directory entries name.</summary>
/// <typeparam name="TFormat">The format of the tables.</typeparam>
/// <param name="memory">Where they lie.</param>
internal readonly struct TableCursor<TFormat>(IPageTableMemory memory)
    where TFormat : struct, IPageTableFormat
{
    private readonly IPageTableMemory _memory = memory;

    /// <summary>Calls for the tables of a depth, in the order of addresses.</summary>
    /// <param name="root">The root directory.</param>
    /// <param name="depth">The depth; the format's last for page tables.</param>
    /// <param name="action">Gets the first address that the tables cover, and where they lie.</param>
    public void ForEachTable(PageDirectoryBase root, int depth, Action<ulong, TablePair> action) =>
        Descend(new TablePair(root.Address), at: 0, address: 0, depth, action);

    private void Descend(TablePair tables, int at, ulong address, int depth, Action<ulong, TablePair> action)
    {
        if (at == depth)
        {
            action(address, tables);
            return;
        }

        TableLayout layout = TFormat.Directory(at);
        ReadOnlySpan<ulong> words = _memory.Words(tables.Table, layout.SizeBytes);
        for (int i = 0; (i = NextEntry(words, i, layout.EntryWords)) < layout.EntryCount; i++)
        {
            ReadOnlySpan<ulong> entry = words.Slice(i * layout.EntryWords, layout.EntryWords);
            DecodedEntry decoded = TFormat.DecodeDirectory(at, entry[0], entry.Length == 2 ? entry[1] : 0);
            if (decoded.Kind == PageTableEntryKind.Table)
            {
                Descend(decoded.Tables, at + 1, address | ((ulong)i << layout.Shift), depth, action);
            }
        }
    }

    /// <summary>The next entry that is not 0: most are.</summary>
    private static int NextEntry(ReadOnlySpan<ulong> words, int index, int entryWords)
    {
        int found = words[(index * entryWords)..].IndexOfAnyExcept(0UL);
        return found < 0 ? words.Length / entryWords : index + (found / entryWords);
    }
}
