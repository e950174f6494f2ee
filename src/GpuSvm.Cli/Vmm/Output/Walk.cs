using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Output;

/// <summary>Follows the walk of an address, entry by entry, as the device does.</summary>
/// <typeparam name="TFormat">The format of the tables.</typeparam>
internal static class Walk<TFormat>
    where TFormat : struct, IPageTableFormat
{
    private static int PageTableDepth => TFormat.LevelCount - 1;

    /// <summary>All entries that the device reads for an address, the root's first.</summary>
    /// <param name="memory">Where the tables lie.</param>
    /// <param name="root">The root directory.</param>
    /// <param name="address">The address.</param>
    public static IReadOnlyList<WalkStep> Of(IPageTableMemory memory, PageDirectoryBase root, VirtualAddress address)
    {
        List<WalkStep> steps = [];
        var cursor = new PageTableCursor<TFormat>(memory, root, address);
        while (cursor.Depth < PageTableDepth)
        {
            (int depth, ulong table) = (cursor.Depth, cursor.Tables.Table);
            bool goesOn = cursor.TryDescend(out DecodedEntry entry);
            steps.Add(Read(memory, FormatText.DirectoryName<TFormat>(depth), table, TFormat.Directory(depth), address, entry));
            if (!goesOn)
            {
                return steps;
            }
        }

        AddPages(steps, memory, cursor.Tables, address);
        return steps;
    }

    /// <summary>The large page table answers first; the small one only if that says nothing.</summary>
    private static void AddPages(List<WalkStep> steps, IPageTableMemory memory, TablePair tables, VirtualAddress address)
    {
        if (tables.LargeTable != 0)
        {
            TableLayout layout = TFormat.LargePageTable;
            DecodedEntry entry = TFormat.DecodeLargePage(memory.Words(tables.LargeTable, layout.SizeBytes)[layout.Index(address.Value)]);
            steps.Add(Read(memory, FormatText.LargePageTable, tables.LargeTable, layout, address, entry));
            if (entry.Kind != PageTableEntryKind.Invalid || tables.Table == 0)
            {
                return;
            }
        }

        TableLayout small = TFormat.SmallPageTable;
        DecodedEntry page = TFormat.DecodeSmallPage(memory.Words(tables.Table, small.SizeBytes)[small.Index(address.Value)]);
        steps.Add(Read(memory, FormatText.SmallPageTable, tables.Table, small, address, page));
    }

    private static WalkStep Read(
        IPageTableMemory memory, string name, ulong table, TableLayout layout, VirtualAddress address, in DecodedEntry entry)
    {
        int index = layout.Index(address.Value);
        ReadOnlySpan<ulong> words = memory.Words(table, layout.SizeBytes).Slice(index * layout.EntryWords, layout.EntryWords);
        string raw = words.Length == 2 ? $"0x{words[0]:x16} 0x{words[1]:x16}" : $"0x{words[0]:x16}";
        return new WalkStep(name, table, index, raw, EntryText.Describe(entry));
    }
}
