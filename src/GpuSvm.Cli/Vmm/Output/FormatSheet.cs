using GpuSvm.Mmu;
using GpuSvm.Mmu.Formats.Gf100;
using GpuSvm.Mmu.Formats.Gh100;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Cli.Vmm.Output;

/// <summary>A format of page tables, as tables for people show it.</summary>
/// <param name="Name">The format's name.</param>
/// <param name="AddressBits">Number of bits of a virtual address.</param>
/// <param name="Levels">Its tables, the root first.</param>
/// <param name="Entries">The fields of its entries.</param>
internal sealed record FormatSheet(string Name, int AddressBits, IReadOnlyList<LevelRow> Levels, IReadOnlyList<EntryLayout> Entries)
{
    /// <summary>The formats that there are.</summary>
    public static IReadOnlyList<FormatSheet> All { get; } =
    [
        Of<Gf100Format<Gf100Generation, Gf100LargePage64K>>(),
        Of<Gf100Format<Gf100Generation, Gf100LargePage128K>>(),
        Of<Gf100Format<Gk104Generation, Gf100LargePage64K>>(),
        Of<Gf100Format<Gk104Generation, Gf100LargePage128K>>(),
        Of<Gf100Format<Gm200Generation, Gf100LargePage64K>>(),
        Of<Gf100Format<Gm200Generation, Gf100LargePage128K>>(),
        Of<Gp100Format>(),
        Of<Gh100Format>(),
    ];

    /// <summary>Sizes of the pages that can be mapped, the largest first.</summary>
    public string Pages => string.Join(", ", Levels.Where(level => level.MapsPages).Select(level => FormatText.Size(1UL << level.Shift)));

    private static FormatSheet Of<TFormat>()
        where TFormat : struct, IPageTableFormat
    {
        List<LevelRow> levels = [];
        for (int depth = 0; depth < TFormat.LevelCount - 1; depth++)
        {
            levels.Add(LevelRow.Of<TFormat>(FormatText.DirectoryName<TFormat>(depth), TFormat.Directory(depth)));
        }

        levels.Add(LevelRow.Of<TFormat>(FormatText.LargePageTable, TFormat.LargePageTable));
        levels.Add(LevelRow.Of<TFormat>(FormatText.SmallPageTable, TFormat.SmallPageTable));
        return new FormatSheet(TFormat.Name, TFormat.AddressBits, levels, TFormat.Entries);
    }
}
