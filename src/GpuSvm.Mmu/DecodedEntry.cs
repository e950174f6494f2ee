namespace GpuSvm.Mmu;

/// <summary>An entry as a page walker understands it, in the same words for every format.</summary>
/// <param name="Kind">What the entry says; the other members hold for the kinds that they name.</param>
/// <param name="Shift">Binary logarithm of the number of bytes that the entry covers: the page size of a page.</param>
/// <param name="Aperture">Page: which memory it lies in.</param>
/// <param name="Rights">Page: what the GPU may do; reading always.</param>
/// <param name="Attributes">Page: the rest.</param>
/// <param name="Address">Page: byte address. Table: byte address of the directory or small page table; 0 if there is none.</param>
/// <param name="LargeTable">Table: byte address of the large page table; 0 if there is none.</param>
/// <param name="RawBits">Page: the entry's word, for what only the format knows.</param>
public readonly record struct DecodedEntry(
    PageTableEntryKind Kind,
    byte Shift,
    Aperture Aperture = Aperture.VideoMemory,
    TranslationRights Rights = TranslationRights.None,
    PageAttributes Attributes = PageAttributes.None,
    ulong Address = 0,
    ulong LargeTable = 0,
    ulong RawBits = 0)
{
    /// <summary>The tables to go on with.</summary>
    public TablePair Tables => new(Address, LargeTable);

    /// <summary>True if the page is for privileged engines only.</summary>
    public bool IsPrivileged => (Attributes & PageAttributes.Privileged) != 0;

    /// <summary>True if the page is not kept in the GPU's caches.</summary>
    public bool IsVolatile => (Attributes & PageAttributes.Volatile) != 0;

    /// <summary>Page: byte address behind <paramref name="address"/>, an address that the page covers.</summary>
    public ulong Translate(VirtualAddress address)
    {
        ulong offsetMask = (1UL << Shift) - 1;
        return (Address & ~offsetMask) | (address.Value & offsetMask);
    }
}
