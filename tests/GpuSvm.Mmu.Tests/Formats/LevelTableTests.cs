using GpuSvm.Mmu.Formats.Gf100;
using GpuSvm.Mmu.Formats.Gh100;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Mmu.Tests.Formats;

/// <summary>The level tables of Linux 7.0 nouveau: vmmgf100.c, vmmgk104.c, vmmgm200.c, vmmgp100.c, vmmgh100.c.</summary>
public class LevelTableTests
{
    [Fact]
    public void GF100_has_two_levels_and_pages_of_two_sizes()
    {
        const string Of64K = "26+14: 131072/0x1000, LPT 16+10: 8192/0x1000, SPT 12+14: 131072/0x1000";
        const string Of128K = "27+13: 65536/0x1000, LPT 17+10: 8192/0x1000, SPT 12+15: 262144/0x1000";
        Check<Gf100Format<Gf100Generation, Gf100LargePage64K>>("gf100-64k", 40, Of64K, "16xVxx 12xVHx");
        Check<Gf100Format<Gf100Generation, Gf100LargePage128K>>("gf100-128k", 40, Of128K, "17xVxx 12xVHx");
        Check<Gf100Format<Gk104Generation, Gf100LargePage64K>>("gk104-64k", 40, Of64K, "16xVxx 12xVHx");
        Check<Gf100Format<Gk104Generation, Gf100LargePage128K>>("gk104-128k", 40, Of128K, "17xVxx 12xVHx");
        Check<Gf100Format<Gm200Generation, Gf100LargePage64K>>("gm200-64k", 40, Of64K, "26Sxxx 16SVxx 12SVHx");
        Check<Gf100Format<Gm200Generation, Gf100LargePage128K>>("gm200-128k", 40, Of128K, "27Sxxx 17SVxx 12SVHx");
    }

    [Fact]
    public void GP100_has_five_levels() => Check<Gp100Format>(
        "gp100",
        49,
        "47+2: 32/0x1000, 38+9: 4096/0x1000, 29+9: 4096/0x1000, 21+8: 4096/0x1000, LPT 16+5: 256/0x100, SPT 12+9: 4096/0x1000",
        "47Sxxx 38Sxxx 29Sxxx 21SVxP 16SVxx 12SVHP");

    [Fact]
    public void GH100_has_six_levels_and_pages_in_two_directories() => Check<Gh100Format>(
        "gh100",
        57,
        "56+1: 16/0x1000, 47+9: 4096/0x1000, 38+9: 4096/0x1000, 29+9: 4096/0x1000, 21+8: 4096/0x1000, LPT 16+5: 256/0x100, SPT 12+9: 4096/0x1000",
        "56Sxxx 47Sxxx 38Sxxx 29SVxx 21SVxP 16SVxx 12SVHP");

    private static void Check<TFormat>(string name, int addressBits, string tables, string pages)
        where TFormat : struct, IPageTableFormat
    {
        Assert.Equal((name, addressBits), (TFormat.Name, TFormat.AddressBits));
        string[] directories = [.. Enumerable.Range(0, TFormat.LevelCount - 1).Select(depth => Describe(TFormat.Directory(depth)))];
        Assert.Equal(
            tables, string.Join(", ", [.. directories, $"LPT {Describe(TFormat.LargePageTable)}", $"SPT {Describe(TFormat.SmallPageTable)}"]));
        Assert.Equal(pages, string.Join(' ', Enumerable.Range(0, TFormat.PageTypeCount).Select(i => Describe(TFormat.PageType(i)))));
        Assert.Equal(0UL, TFormat.PageBlock);
        TableLayout last = TFormat.Directory(TFormat.LevelCount - 2);
        Assert.Equal(last.EntryWords * 8, last.EntrySizeBytes);
    }

    private static string Describe(TableLayout layout) => $"{layout.Shift}+{layout.IndexBits}: {layout.SizeBytes}/0x{layout.AlignmentBytes:x}";

    /// <summary>As nouveau writes it, with P for pages by pfn in place of C for compression.</summary>
    private static string Describe(PageType type) =>
        type.Shift + string.Concat("SVHP".Zip(
            [PageTypeUses.Sparse, PageTypeUses.VideoMemory, PageTypeUses.SystemMemory, PageTypeUses.Pfn],
            (letter, use) => type.Can(use) ? letter : 'x'));
}
