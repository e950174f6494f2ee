namespace GpuSvm.Mmu.Formats.Gh100;

/// <summary>The fields of GH100 entries, for people; docs/formats/gh100.md has their sources.</summary>
internal static class Gh100Layouts
{
    private const string TableAperture = "0 no table, 1 video memory, 2 system coherent, 3 system non-coherent";

    /// <summary>All kinds of words.</summary>
    public static IReadOnlyList<EntryLayout> All { get; } =
    [
        new("page (SPT, LPT, 2 MiB in the low word of PD0, or 512 MiB in PD1)",
        [
            new("VALID", new BitField(0, 0), "1: the word maps a page"),
            new("APERTURE", Gh100Pte.ApertureField, "0 video memory, 1 peer, 2 system coherent, 3 system non-coherent"),
            new("PCF", Gh100Pte.PcfField, "without VALID: 0 invalid, 1 sparse, 2 mapped nowhere, 3 in an LPT: the SPT is not asked"),
            new("PCF 0", new BitField(3, 3), "with VALID, 1: not cached"),
            new("PCF 1", new BitField(4, 4), "with VALID, 1: privileged engines only"),
            new("PCF 2", new BitField(5, 5), "with VALID, 1: no stores, no atomics"),
            new("PCF 3", new BitField(6, 6), "with VALID, 1: no atomics"),
            new("PCF 4", new BitField(7, 7), "with VALID, 1: accesses are not counted"),
            new("KIND", Gh100Pte.KindField, "tiling; 0 is pitch"),
            new("ADDRESS", Gh100Pte.AddressField, "address / 4096"),
            new("PEER_ID", Gh100Pte.PeerField, "number of the peer"),
        ]),
        new("directory entry (PD4, PD3, PD2, PD1 without IS_PTE)", Table("", Gh100TableField.Table, "a directory / 4096")),
        new("PD0, low word, without IS_PTE", Table("_BIG", Gh100TableField.LargePageTable, "a large page table / 256")),
        new("PD0, high word", Table("_SMALL", Gh100TableField.Table, "a small page table / 4096")),
    ];

    private static EntryField[] Table(string suffix, int lowestAddressBit, string what) =>
    [
        new("IS_PTE", new BitField(0, 0), "1: the word maps a page; only in PD1 and in the low word of PD0"),
        new($"APERTURE{suffix}", Gh100TableField.ApertureField, TableAperture),
        new($"PCF{suffix} 0", new BitField(3, 3), "1: the table is not cached; without a table: sparse"),
        new($"PCF{suffix} 1", new BitField(4, 4), "1: the host is not asked for a translation (no ATS)"),
        new($"ADDRESS{suffix}", Gh100TableField.AddressField(lowestAddressBit), $"address of {what}"),
    ];
}
