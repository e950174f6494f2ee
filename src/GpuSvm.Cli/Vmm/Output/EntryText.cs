using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Output;

/// <summary>Tells what an entry of a page table says.</summary>
internal static class EntryText
{
    /// <summary>An entry in words.</summary>
    public static string Describe(in DecodedEntry entry) => entry.Kind switch
    {
        PageTableEntryKind.Table => Tables(entry.Tables),
        PageTableEntryKind.Page => Page(entry),
        PageTableEntryKind.Sparse => "sparse",
        PageTableEntryKind.NoSmallPages => "no page, and no small pages",
        _ => "nothing",
    };

    private static string Tables(TablePair tables) => tables switch
    {
        { LargeTable: 0 } => $"table 0x{tables.Table:x}",
        { Table: 0 } => $"large 0x{tables.LargeTable:x}",
        _ => $"large 0x{tables.LargeTable:x}, small 0x{tables.Table:x}",
    };

    private static string Page(in DecodedEntry entry)
    {
        List<string> words =
        [
            $"page of {FormatText.Size(1UL << entry.Shift)}",
            $"{TranslationText.Name(entry.Aperture)} 0x{entry.Address:x}",
            (entry.Rights & TranslationRights.Write) == 0 ? "read-only" :
                (entry.Rights & TranslationRights.Atomic) == 0 ? "no atomics" : "read, write, atomic",
        ];
        if (entry.Attributes != PageAttributes.None)
        {
            words.Add(entry.Attributes.ToString().ToLowerInvariant());
        }

        return string.Join(", ", words);
    }
}
