using GpuSvm.Mmu;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Cli.Vmm.Output;

/// <summary>A run of equal entries of one directory, as a dump shows it.</summary>
/// <param name="Level">Distance from the page tables.</param>
/// <param name="Address">First address that the run covers.</param>
/// <param name="Count">Number of entries.</param>
/// <param name="Low">Their first word.</param>
/// <param name="High">Their second word; 0 for entries of one word.</param>
internal readonly record struct DirectoryRun(int Level, ulong Address, int Count, ulong Low, ulong High)
{
    // Directory entries: bit 0 is set in a page, bits 2:1 are 0 where no table is named, bits 53:8 are its address. A large
    // table's has four bits more, which are 0 in a script: its tables lie 4 KiB apart.
    private const ulong PageBit = 1;
    private const ulong ApertureBits = 3UL << 1;
    private const ulong TableAddress = ((1UL << 54) - 1) & ~0xffUL;

    /// <summary>True for the entries of two words, above the page tables.</summary>
    public bool IsDual => Level == 1;

    private TableLayout Layout => Gp100Format.Directory(Gp100Format.LevelCount - 1 - Level);

    private ulong End => Address + ((ulong)Count << Layout.Shift);

    /// <summary>The run with 0 for where tables lie.</summary>
    public DirectoryRun WithoutPointers() => this with
    {
        Low = WithoutPointer(Low),
        High = WithoutPointer(High),
    };

    /// <summary>Joins a run that follows: of the same table, and equal.</summary>
    public bool TryJoin(in DirectoryRun next, out DirectoryRun joined)
    {
        joined = this with { Count = Count + next.Count };
        int tableShift = Layout.Shift + Layout.IndexBits;
        return next == this with { Address = next.Address, Count = next.Count } &&
            next.Address == End &&
            next.Address >> tableShift == Address >> tableShift;
    }

    private static ulong WithoutPointer(ulong word) =>
        (word & PageBit) != 0 || (word & ApertureBits) == 0 ? word : word & ~TableAddress;
}
