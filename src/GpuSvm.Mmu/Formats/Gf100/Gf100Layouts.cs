namespace GpuSvm.Mmu.Formats.Gf100;

/// <summary>The fields of GF100 entries, for people; docs/formats/gf100.md has their sources.</summary>
internal static class Gf100Layouts
{
    private const string TableAperture = "0 no table, 1 video memory, 2 system coherent, 3 system non-coherent";

    /// <summary>All kinds of words of a generation.</summary>
    public static IReadOnlyList<EntryLayout> Of<TGeneration>()
        where TGeneration : struct, IGf100Generation
    {
        string sparse = TGeneration.HasSparse ? "; without VALID: sparse" : "";
        string noSmallPages = TGeneration.HasNoSmallPages ? "; without VALID, in an LPT: the SPT is not asked" : "";
        string sparseTable = TGeneration.HasSparse ? "; without a large page table: sparse" : "";
        return
        [
            new("page (SPT or LPT)",
            [
                new("VALID", new BitField(0, 0), "1: the word maps a page"),
                new("PRIVILEGE", new BitField(1, 1), $"1: privileged engines only{noSmallPages}"),
                new("READ_ONLY", new BitField(2, 2), "1: no stores, no atomics, but by L1 and GCC"),
                new("ENCRYPTED", new BitField(3, 3), "1: the memory is encrypted"),
                new("ADDRESS_SYS", Gf100Pte.SystemAddress, "address / 4096, in system memory"),
                new("ADDRESS_VID", Gf100Pte.VideoAddress, "address / 4096, in video memory or a peer's"),
                new("ADDRESS_VID_PEER", Gf100Pte.PeerField, "number of the peer"),
                new("VOL", new BitField(32, 32), $"1: not cached{sparse}"),
                new("APERTURE", Gf100Pte.ApertureField, "0 video memory, 1 peer, 2 system coherent, 3 system non-coherent"),
                new("LOCK", new BitField(35, 35), "0"),
                new("KIND", Gf100Pte.KindField, "tiling; 0 is pitch"),
                new("READ_DISABLE", new BitField(62, 62), "1: no loads by L1 and GCC"),
                new("WRITE_DISABLE", new BitField(63, 63), "1: no stores by L1 and GCC"),
            ]),
            new("PD0, bits 31:0 and VOL_BIG",
            [
                new("APERTURE_BIG", new BitField(1, 0), TableAperture),
                new("SIZE", new BitField(3, 2), "how much there is of the small page table; 0 is all"),
                new("ADDRESS_BIG", new BitField(31, 4), "address of a large page table / 4096"),
                new("VOL_BIG", new BitField(35, 35), $"1: the large page table is not cached{sparseTable}"),
            ]),
            new("PD0, bits 63:32",
            [
                new("APERTURE_SMALL", new BitField(33, 32), TableAperture),
                new("VOL_SMALL", new BitField(34, 34), "1: the small page table is not cached"),
                new("ADDRESS_SMALL", new BitField(63, 36), "address of a small page table / 4096"),
            ]),
        ];
    }
}
