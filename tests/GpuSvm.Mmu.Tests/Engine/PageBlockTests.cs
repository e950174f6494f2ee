using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;
using Xunit.Abstractions;

namespace GpuSvm.Mmu.Tests.Engine;

/// <summary>Where the hardware selects the page size for a whole block of addresses, areas of different sizes share no block.</summary>
public class PageBlockTests(ITestOutputHelper output)
{
    private const int LargeShift = 16;
    private const int SmallShift = 12;

    private static ulong Block => BlockFormat.PageBlock;

    [Fact]
    public void Areas_of_one_page_size_lie_side_by_side_and_others_begin_a_block()
    {
        using var f = new FormatRig<BlockFormat>();
        Assert.Equal(0UL, f.Get(0x1_0000, LargeShift));
        Assert.Equal(Block, f.Get(0x1000, SmallShift));
        Assert.Equal(Block + 0x1000, f.Get(0x1000, SmallShift));

        // Behind the first, up to the block of the second.
        Assert.Equal(0x1_0000UL, f.Get(Block - 0x1_0000, LargeShift));
        Assert.Equal(2 * Block, f.Get(0x1_0000, LargeShift));
    }

    [Fact]
    public void The_end_of_a_free_piece_is_cut_to_blocks_before_another_page_size()
    {
        using var f = new FormatRig<BlockFormat>(start: 0, size: 2 * Block);
        ulong first = f.Get(Block, LargeShift);
        ulong second = f.Get(0x1_0000, LargeShift);
        ulong third = f.Get(0x1_0000, LargeShift);
        Assert.Equal((0UL, Block, Block + 0x1_0000), (first, second, third));
        f.PutOk(first);
        f.PutOk(second);

        // A block and 64 KiB are free before the third: the 64 KiB lie in its block.
        Assert.Equal(Errno.ENOSPC, f.TryGet(Block + 0x1000, SmallShift));
        Assert.Equal(0UL, f.Get(Block, SmallShift));
        Assert.Equal(Errno.ENOSPC, f.TryGet(0x1000, SmallShift));
        Assert.Equal(Block, f.Get(0x1_0000, LargeShift));
    }

    [Fact]
    public void A_block_that_is_free_again_takes_any_page_size()
    {
        using var f = new FormatRig<BlockFormat>(start: 0, size: Block);
        Assert.Equal(0UL, f.Get(0x1000, SmallShift));
        Assert.Equal(Errno.ENOSPC, f.TryGet(0x1_0000, LargeShift));
        f.PutOk(0);
        Assert.Equal(0UL, f.Get(0x1_0000, LargeShift));
    }

    [Fact]
    public void An_area_without_a_page_size_is_refused()
    {
        using var f = new FormatRig<BlockFormat>();
        Assert.Equal(Errno.EINVAL, f.TryGet(0x1000));
        Assert.Equal(Errno.EINVAL, f.TryGet(0x1_0000, flags: GetFlags.None));
        f.ExpectOnlyTheRoot();
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public void No_block_ever_needs_both_page_tables(ulong seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new SeededRandom(seed);
        using var f = new FormatRig<BlockFormat>(start: 0, size: 12 * Block);
        var areas = new List<(ulong Start, ulong Size, int Shift)>();
        int refused = 0;
        for (int step = 0; step < 3000; step++)
        {
            if (areas.Count > 0 && random.Next(5) < 2)
            {
                int victim = random.Next(areas.Count);
                f.PutOk(areas[victim].Start);
                areas.RemoveAt(victim);
                continue;
            }

            // An entry that names both tables throws.
            int shift = random.Next(2) == 0 ? LargeShift : SmallShift;
            ulong size = Math.Max(1, Block * (ulong)random.Next(40) / 32 >> shift) << shift;
            GetFlags flags = random.Next(2) == 0 ? GetFlags.References : GetFlags.MapReferences;
            Errno error = f.Space.TryGet(new GetRequest(size, shift, 0, flags), out VirtualAddress address);
            if (error != Errno.None)
            {
                Assert.Equal(Errno.ENOSPC, error);
                refused++;
                continue;
            }

            areas.Add((address.Value, size, shift));
            f.MapOk(address.Value, size, FormatRig<BlockFormat>.Video(0x4000_0000, size, shift));
            Assert.Equal((PageTableEntryKind.Page, shift), (f.Walk(address.Value).Kind, (int)f.Walk(address.Value).Shift));
            foreach (var (start, length, other) in areas)
            {
                bool shares = start / Block <= (address.Value + size - 1) / Block && address.Value / Block <= (start + length - 1) / Block;
                Assert.True(!shares || other == shift, $"0x{address.Value:x} shares a block with 0x{start:x}");
            }
        }

        Assert.InRange(refused, 100, 2000);
    }
}
