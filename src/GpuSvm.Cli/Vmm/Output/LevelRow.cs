using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Output;

/// <summary>The tables of a level of a format.</summary>
/// <param name="Table">The format's name for them.</param>
/// <param name="Layout">Their shape.</param>
/// <param name="Uses">What an entry can hold beside tables.</param>
internal sealed record LevelRow(string Table, TableLayout Layout, PageTypeUses Uses)
{
    /// <summary>Binary logarithm of the bytes that an entry covers.</summary>
    public int Shift => Layout.Shift;

    /// <summary>The address bits that select an entry.</summary>
    public string IndexBits => Layout.IndexBits == 1 ? $"{Shift}" : $"{Shift + Layout.IndexBits - 1}:{Shift}";

    /// <summary>True if an entry can be a page.</summary>
    public bool MapsPages => (Uses & (PageTypeUses.VideoMemory | PageTypeUses.SystemMemory)) != 0;

    /// <summary>What an entry can hold beside tables, in words.</summary>
    public string UsesText => string.Join(", ", Words());

    /// <summary>The tables of a level.</summary>
    public static LevelRow Of<TFormat>(string table, TableLayout layout)
        where TFormat : struct, IPageTableFormat
    {
        for (int i = 0; i < TFormat.PageTypeCount; i++)
        {
            if (TFormat.PageType(i) is var type && type.Shift == layout.Shift)
            {
                return new LevelRow(table, layout, type.Uses);
            }
        }

        return new LevelRow(table, layout, PageTypeUses.None);
    }

    private IEnumerable<string> Words() =>
        new (PageTypeUses Use, string Word)[]
        {
            (PageTypeUses.Sparse, "sparse"),
            (PageTypeUses.VideoMemory, "video memory"),
            (PageTypeUses.SystemMemory, "system memory"),
            (PageTypeUses.Pfn, "pfn"),
        }.Where(pair => (Uses & pair.Use) != 0).Select(pair => pair.Word);
}
