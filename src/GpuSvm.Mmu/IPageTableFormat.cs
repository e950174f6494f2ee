namespace GpuSvm.Mmu;

/// <summary>The shape of one generation's page tables: how deep, how wide, and what the bits of an entry mean.</summary>
/// <remarks>
/// <para>
/// Implemented by empty structs, so that a walk over a format compiles to code for that format alone. Depth 0 is the root directory,
/// depth <see cref="LevelCount"/> - 2 the last directory, whose entries are <em>dual</em>: they name a large and a small page table.
/// Depth <see cref="LevelCount"/> - 1 are these two page tables. A directory entry of any depth may itself be sparse or a page, as the
/// page types say.
/// </para>
/// <para>Decoding never throws, whatever the bits. Encoding checks alignment and width.</para>
/// </remarks>
public interface IPageTableFormat
{
    /// <summary>The format's name.</summary>
    static abstract string Name { get; }

    /// <summary>Number of bits of a virtual address.</summary>
    static abstract int AddressBits { get; }

    /// <summary>The fields of its entries, for people; nothing for a format that is not written down.</summary>
    static virtual IReadOnlyList<EntryLayout> Entries => [];

    /// <summary>Number of depths, page tables included.</summary>
    static abstract int LevelCount { get; }

    /// <summary>The page tables of small pages.</summary>
    static abstract TableLayout SmallPageTable { get; }

    /// <summary>The page tables of large pages.</summary>
    static abstract TableLayout LargePageTable { get; }

    /// <summary>The directories of a depth.</summary>
    /// <param name="depth">0 to <see cref="LevelCount"/> - 2.</param>
    static abstract TableLayout Directory(int depth);

    /// <summary>Number of page types.</summary>
    static abstract int PageTypeCount { get; }

    /// <summary>A page type; the largest is number 0, and each has the size of the entries of one kind of table.</summary>
    /// <param name="index">0 to <see cref="PageTypeCount"/> - 1.</param>
    static abstract PageType PageType(int index);

    /// <summary>Bytes over which all pages have one type, because the hardware selects it for a directory entry; 0 for no such rule.</summary>
    static virtual ulong PageBlock => 0;

    /// <summary>True if memory of this kind (tiling) can be mapped.</summary>
    static abstract bool HasKind(byte kind);

    /// <summary>True if an entry can say all of this; all formats have entries that are read-only, privileged and volatile.</summary>
    static virtual bool HasAttributes(PageAttributes attributes) => true;

    /// <summary>Decodes a directory entry: a table, a page, sparse or invalid.</summary>
    /// <param name="depth">Depth of the directory: 0 to <see cref="LevelCount"/> - 2.</param>
    /// <param name="low">The entry's first word.</param>
    /// <param name="high">The second word of an entry of 16 bytes, else 0.</param>
    static abstract DecodedEntry DecodeDirectory(int depth, ulong low, ulong high);

    /// <summary>Decodes an entry of a small page table: a page, sparse or invalid.</summary>
    static abstract DecodedEntry DecodeSmallPage(ulong word);

    /// <summary>Decodes an entry of a large page table: a page, sparse, no small pages, or invalid: ask the small one.</summary>
    static abstract DecodedEntry DecodeLargePage(ulong word);

    /// <summary>Encodes a directory entry that names tables in video memory; no table at all gives an invalid entry.</summary>
    /// <exception cref="ArgumentException">An address is unaligned or too wide.</exception>
    static abstract void EncodeDirectory(int depth, TablePair tables, out ulong low, out ulong high);

    /// <summary>The first word of a sparse directory entry, whose other word is 0; 0 where there is no sparse entry.</summary>
    static abstract ulong SparseDirectory(int depth);

    /// <summary>The sparse entry of a page table; 0 where there is none.</summary>
    static abstract ulong SparsePage { get; }

    /// <summary>The entry of a large page table that says: no page, and the small table is not asked; 0 where there is none.</summary>
    static abstract ulong NoSmallPages { get; }

    /// <summary>True if an entry can name this page address.</summary>
    static abstract bool CanAddress(PageTarget target);

    /// <summary>Encodes a page of the driver's usual kind: system memory volatile, pitch, for everyone.</summary>
    /// <exception cref="ArgumentException">The address is unaligned or too wide: see <see cref="CanAddress"/>.</exception>
    static abstract ulong EncodePage(PageTarget target, TranslationRights rights);

    /// <summary>Encodes a page.</summary>
    /// <exception cref="ArgumentException">The address is unaligned or too wide: see <see cref="CanAddress"/>.</exception>
    static abstract ulong EncodePage(PageTarget target, TranslationRights rights, PageAttributes attributes, byte kind);

    /// <summary>What a page's entry is larger by than that of the page before it, in contiguous memory.</summary>
    /// <param name="shift">Binary logarithm of the page size.</param>
    static abstract ulong PageStep(int shift);

    /// <summary>Encodes a run of pages that all are valid and lie in video memory, as <see cref="EncodePage(PageTarget, TranslationRights)"/> does.</summary>
    /// <param name="pfns">The pages; their addresses have been checked.</param>
    /// <param name="entries">As many entries of 8 bytes.</param>
    static abstract void EncodeVideoPages(ReadOnlySpan<PfnEntry> pfns, Span<ulong> entries);

    /// <summary>True if a page entry is valid.</summary>
    static abstract bool IsValidPage(ulong word);

    /// <summary>Where the page of a valid entry lies.</summary>
    static abstract PageTarget TargetOf(ulong word);

    /// <summary>True if a valid entry may become another without a flush: the same page, with at least the rights it had.</summary>
    static abstract bool OnlyWidens(ulong before, ulong after);
}
