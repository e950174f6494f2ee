using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Tables;

/// <summary>Where the entries of a page type stand.</summary>
/// <param name="Type">Number of the page type.</param>
/// <param name="Depth">Depth of the tables.</param>
/// <param name="IsLarge">True for large page tables.</param>
/// <param name="Layout">Shape of the tables.</param>
internal readonly record struct PageSlot(int Type, int Depth, bool IsLarge, TableLayout Layout)
{
    /// <summary>Binary logarithm of the page size.</summary>
    public int Shift => Layout.Shift;

    /// <summary>Size of a page in bytes.</summary>
    public ulong Size => Layout.EntryCoverage;

    /// <summary>Binary logarithm of the bytes that a table covers.</summary>
    public int CoverageShift => Layout.Shift + Layout.IndexBits;

    /// <summary>How many entries of one table cover the range from <paramref name="start"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CountInTable(int first, ulong start, ulong end) =>
        (int)Math.Min((end - start) >> Layout.Shift, (ulong)(Layout.EntryCount - first));

    /// <summary>References of the table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReferencesOf(TableNode node) => IsLarge ? node.LargeReferences : node.References;

    /// <summary>True if an address or a size is a multiple of the page size.</summary>
    public bool IsAligned(ulong value) => (value & (Size - 1)) == 0;

    /// <summary>The address rounded down to whole pages.</summary>
    public ulong AlignDown(ulong address) => address & ~(Size - 1);

    /// <summary>The address rounded up to whole pages.</summary>
    public ulong AlignUp(ulong address) => (address + Size - 1) & ~(Size - 1);
}
