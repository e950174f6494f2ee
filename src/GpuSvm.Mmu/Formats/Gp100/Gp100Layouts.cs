namespace GpuSvm.Mmu.Formats.Gp100;

/// <summary>The fields of GP100 entries, for people; docs/formats/gp100.md has their sources.</summary>
internal static class Gp100Layouts
{
    private const string TableAperture = "0 no table, 1 video memory, 2 system coherent, 3 system non-coherent";

    /// <summary>All kinds of words.</summary>
    public static IReadOnlyList<EntryLayout> All { get; } =
    [
        new("page (SPT, LPT, or 2 MiB in the low word of PD0)",
        [
            new("VALID", new BitField(0, 0), "1: the word maps a page"),
            new("APERTURE", new BitField(2, 1), "0 video memory, 1 peer, 2 system coherent, 3 system non-coherent"),
            new("VOL", new BitField(3, 3), "1: not cached; without VALID: sparse"),
            new("ENCRYPTED", new BitField(4, 4), "1: the memory is encrypted"),
            new("PRIVILEGE", new BitField(5, 5), "1: privileged engines only; without VALID, in an LPT: the SPT is not asked"),
            new("READ_ONLY", new BitField(6, 6), "1: no stores, no atomics"),
            new("ATOMIC_DISABLE", new BitField(7, 7), "1: no atomics"),
            new("ADDRESS", Gp100Pte.LocalAddress, "address / 4096, in video memory or system memory"),
            new("ADDRESS_VID", Gp100Pte.PeerAddress, "address / 4096, in a peer's memory"),
            new("ADDRESS_VID_PEER", Gp100Pte.PeerField, "number of the peer"),
            new("KIND", Gp100Pte.KindField, "tiling; 0 is pitch"),
        ]),
        new("directory entry (PD3, PD2, PD1)", Table("", Gp100TableField.Table, "a directory")),
        new("PD0, low word, without VALID", Table("_BIG", Gp100TableField.LargePageTable, "a large page table")),
        new("PD0, high word", Table("_SMALL", Gp100TableField.Table, "a small page table")),
    ];

    private static EntryField[] Table(string suffix, int lowestAddressBit, string what) =>
    [
        new($"APERTURE{suffix}", Gp100TableField.ApertureField, TableAperture),
        new($"VOL{suffix}", new BitField(3, 3), "1: the table is not cached; without a table: sparse"),
        new($"ADDRESS{suffix}", Gp100TableField.SystemAddress(lowestAddressBit), $"address of {what}, shifted right by 4"),
    ];
}
