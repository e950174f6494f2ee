using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Gpu.Tests;

/// <content>The encoded tables, word by word.</content>
internal sealed partial class TestRig
{
    internal const int PageTableDepth = 4;

    /// <summary>The words of the entry for an address in the table of a depth; depth 4 is the small page table.</summary>
    internal Span<ulong> Entry(ulong address, int depth)
    {
        ulong table = Space.Root.Address;
        for (int d = 0; ; d++)
        {
            TableLayout layout = d == PageTableDepth ? Gp100Format.SmallPageTable : Gp100Format.Directory(d);
            Span<ulong> all = Gpu.PageTableMemory.Words(table, layout.SizeBytes);
            Span<ulong> words = all.Slice(layout.Index(address) * layout.EntryWords, layout.EntryWords);
            if (d == depth)
            {
                return words;
            }

            DecodedEntry entry = Gp100Format.DecodeDirectory(d, words[0], layout.EntryWords == 2 ? words[1] : 0);
            Assert.Equal(PageTableEntryKind.Table, entry.Kind);
            table = entry.Address;
        }
    }

    internal void Flush(int depth) => Gpu.InvalidateTlb(Space.Root, AddressRange.FromLength(Base, 1UL << 21), depth);
}
