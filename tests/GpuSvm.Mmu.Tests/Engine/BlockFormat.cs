using GpuSvm.Core;
using Inner = GpuSvm.Mmu.Formats.Gf100.Gf100Format<GpuSvm.Mmu.Formats.Gf100.Gf100Generation, GpuSvm.Mmu.Formats.Gf100.Gf100LargePage64K>;

namespace GpuSvm.Mmu.Tests.Engine;

/// <summary>
/// A format that no hardware has: GF100's words, but a directory entry names one page table, of large or of small pages, as Tesla's do. So all
/// 64 MiB below an entry have one page type. Naming both tables is an exception.
/// </summary>
internal readonly struct BlockFormat : IPageTableFormat
{
    public static string Name => "block";

    public static int AddressBits => Inner.AddressBits;

    public static int LevelCount => Inner.LevelCount;

    public static TableLayout SmallPageTable => Inner.SmallPageTable;

    public static TableLayout LargePageTable => Inner.LargePageTable;

    public static int PageTypeCount => Inner.PageTypeCount;

    public static ulong PageBlock => Inner.Directory(0).EntryCoverage;

    public static ulong SparsePage => 0;

    public static ulong NoSmallPages => 0;

    public static TableLayout Directory(int depth) => Inner.Directory(depth);

    public static PageType PageType(int index) => Inner.PageType(index);

    public static bool HasKind(byte kind) => Inner.HasKind(kind);

    public static DecodedEntry DecodeDirectory(int depth, ulong low, ulong high) => Inner.DecodeDirectory(depth, low, high);

    public static DecodedEntry DecodeSmallPage(ulong word) => Inner.DecodeSmallPage(word);

    public static DecodedEntry DecodeLargePage(ulong word) => Inner.DecodeLargePage(word);

    public static void EncodeDirectory(int depth, TablePair tables, out ulong low, out ulong high)
    {
        if (tables is { Table: not 0, LargeTable: not 0 })
        {
            throw new ArgumentException($"{tables}: an entry names one of them.", nameof(tables));
        }

        Inner.EncodeDirectory(depth, tables, out low, out high);
    }

    public static ulong SparseDirectory(int depth) => 0;

    public static bool CanAddress(PageTarget target) => Inner.CanAddress(target);

    public static ulong EncodePage(PageTarget target, TranslationRights rights) => Inner.EncodePage(target, rights);

    public static ulong EncodePage(PageTarget target, TranslationRights rights, PageAttributes attributes, byte kind) =>
        Inner.EncodePage(target, rights, attributes, kind);

    public static ulong PageStep(int shift) => Inner.PageStep(shift);

    public static void EncodeVideoPages(ReadOnlySpan<PfnEntry> pfns, Span<ulong> entries) => Inner.EncodeVideoPages(pfns, entries);

    public static bool IsValidPage(ulong word) => Inner.IsValidPage(word);

    public static PageTarget TargetOf(ulong word) => Inner.TargetOf(word);

    public static bool OnlyWidens(ulong before, ulong after) => Inner.OnlyWidens(before, after);
}
