namespace GpuSvm.Mmu.Tests.Model;

/// <content>Which tables there have to be.</content>
internal sealed partial class ModelSpace<TFormat>
{
    private static int PageTableDepth => TFormat.LevelCount - 1;

    /// <summary>Bytes of all tables that what is given out and mapped needs, counted from nothing.</summary>
    public long TableBytes()
    {
        var tables = new HashSet<(int Depth, bool IsLarge, ulong Place)> { (0, false, 0) };
        foreach (ModelArea area in Areas)
        {
            if (area.Held >= 0)
            {
                AddTables(tables, area.Held, area.Start, area.End);
            }
            else if (area.IsSparse)
            {
                AddSparse(tables, area.Start, area.End);
            }

            area.Maps.ForEach(map => AddTables(tables, map.Type, map.Start, map.End));
        }

        foreach ((ulong start, ModelPage page) in Pages)
        {
            AddTables(tables, page.Type, start, start + SizeOf(page.Type));
        }

        if (IsBooted)
        {
            ulong mask = SizeOf(SmallestType) - 1;
            AddTables(tables, SmallestType, (bounds.Start + mask) & ~mask, bounds.End & ~mask);
        }

        return tables.Sum(static table => (long)LayoutOf(table.Depth, table.IsLarge).SizeBytes);
    }

    private static TableLayout LayoutOf(int depth, bool isLarge) =>
        depth < PageTableDepth ? TFormat.Directory(depth) : isLarge ? TFormat.LargePageTable : TFormat.SmallPageTable;

    private static void AddTables(HashSet<(int Depth, bool IsLarge, ulong Place)> tables, int type, ulong start, ulong end)
    {
        int shift = TFormat.PageType(type).Shift;
        bool isLarge = shift == TFormat.LargePageTable.Shift && shift != TFormat.SmallPageTable.Shift;
        int depth = 0;
        while (LayoutOf(depth, isLarge).Shift != shift)
        {
            depth++;
        }

        for (; depth > 0 && start < end; depth--)
        {
            int coverage = LayoutOf(depth, isLarge).Shift + LayoutOf(depth, isLarge).IndexBits;
            for (ulong place = start >> coverage; place <= (end - 1) >> coverage; place++)
            {
                tables.Add((depth, isLarge && depth == PageTableDepth, place));
            }
        }
    }

    /// <summary>
    /// Blocks from the start on: each as large as its address and the rest of the range allow, where larger ones only count if one fits
    /// behind the next of their boundaries.
    /// </summary>
    private void AddSparse(HashSet<(int Depth, bool IsLarge, ulong Place)> tables, ulong start, ulong end)
    {
        int[] types = [.. Enumerable.Range(IsBooted ? SmallestType : 0, IsBooted ? 1 : TFormat.PageTypeCount)
            .Where(static type => TFormat.PageType(type).Can(PageTypeUses.Sparse))];
        while (start < end)
        {
            int type = types.First(type => SizeOf(type) <= end - start && (start & (SizeOf(type) - 1)) == 0);
            AddTables(tables, type, start, start + SizeOf(type));
            start += SizeOf(type);
        }
    }
}
