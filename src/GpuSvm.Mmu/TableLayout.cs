namespace GpuSvm.Mmu;

/// <summary>The shape of the tables of one level.</summary>
/// <param name="Shift">Binary logarithm of the bytes that one entry covers.</param>
/// <param name="IndexBits">Binary logarithm of the number of entries.</param>
/// <param name="EntrySizeBytes">Size of an entry: 8 or 16.</param>
/// <param name="AlignmentBytes">Alignment of a table's address.</param>
public readonly record struct TableLayout(int Shift, int IndexBits, int EntrySizeBytes, int AlignmentBytes)
{
    /// <summary>Number of entries.</summary>
    public int EntryCount => 1 << IndexBits;

    /// <summary>Size of a table in bytes.</summary>
    public int SizeBytes => EntrySizeBytes << IndexBits;

    /// <summary>Number of 64-bit words of an entry: 1 or 2.</summary>
    public int EntryWords => EntrySizeBytes >> 3;

    /// <summary>Number of bytes that one entry covers.</summary>
    public ulong EntryCoverage => 1UL << Shift;

    /// <summary>Which entry of a table covers an address.</summary>
    // Masked before it is narrowed: the shifted address of a 57-bit space does not fit an int.
    public int Index(ulong address) => (int)((address >> Shift) & ((1UL << IndexBits) - 1));
}
