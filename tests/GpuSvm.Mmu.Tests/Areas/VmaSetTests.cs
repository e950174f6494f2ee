using GpuSvm.Mmu.Areas;

namespace GpuSvm.Mmu.Tests.Areas;

/// <summary>Best fit, splitting and merging, with the pieces that are left written out.</summary>
public class VmaSetTests
{
    private const ulong K4 = 0x1000;

    [Fact]
    public void The_smallest_piece_that_fits_is_cut_and_of_equals_the_lowest()
    {
        VmaSet set = Free(0x100 * K4);
        GpuVma[] taken = [.. Enumerable.Range(0, 8).Select(_ => Take(set, 4 * K4))];
        foreach (int hole in new[] { 1, 3, 5 })
        {
            set.GiveBack(taken[hole]);
        }

        Assert.Equal(taken[1].Start, Take(set, 3 * K4).Start);
        Assert.Equal(0x7000UL, Take(set, 1 * K4).Start);
        Assert.Equal(0xc000UL, Take(set, 4 * K4).Start);
        Assert.Equal(0x20000UL, Take(set, 5 * K4).Start);
    }

    [Fact]
    public void A_larger_piece_is_tried_when_alignment_spoils_the_best_fit()
    {
        VmaSet set = Free(0x400 * K4);
        GpuVma first = Take(set, 3 * K4);
        Take(set, K4);
        set.GiveBack(first);
        Assert.Equal(Errno.None, set.TryAllocate(2 * K4, 16, GpuVma.None, 0, out GpuVma? vma));
        Assert.Equal(0UL, vma!.Start);
        Assert.Equal(Errno.None, set.TryAllocate(K4, 16, GpuVma.None, 0, out vma));
        Assert.Equal(0x10000UL, vma!.Start);
        Assert.Equal(["U0x0+0x2", "F0x2+0x1", "U0x3+0x1", "F0x4+0xc", "U0x10+0x1", "F0x11+0x3ef"], Pieces(set));
    }

    [Fact]
    public void A_block_is_not_shared_with_a_neighbour_of_another_page_size()
    {
        VmaSet set = Free(0x100 * K4);
        Assert.Equal(Errno.None, set.TryAllocate(K4, 12, 5, 16 * K4, out GpuVma? small));
        small!.Page = 5;
        Assert.Equal(Errno.None, set.TryAllocate(K4, 12, 4, 16 * K4, out GpuVma? large));
        large!.Page = 4;
        Assert.Equal(Errno.None, set.TryAllocate(K4, 12, 5, 16 * K4, out GpuVma? beside));
        Assert.Equal((0UL, 16 * K4, 1 * K4), (small.Start, large.Start, beside!.Start));
    }

    [Fact]
    public void What_does_not_fit_is_told_and_changes_nothing()
    {
        VmaSet set = Free(4 * K4);
        Take(set, 2 * K4);
        Assert.Equal(Errno.ENOSPC, set.TryAllocate(3 * K4, 12, GpuVma.None, 0, out _));
        Assert.Equal(Errno.ENOSPC, set.TryAllocate(K4, 16, GpuVma.None, 0, out _));
        Assert.Equal(["U0x0+0x2", "F0x2+0x2"], Pieces(set));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_allocation_without_memory_for_its_records_changes_nothing(int failing)
    {
        var refusing = new Refusing();
        var set = new VmaSet(49, refusing);
        Assert.Equal(Errno.None, set.TryAddFree(K4, 64 * K4));
        refusing.Countdown = failing;
        Assert.Equal(Errno.ENOMEM, set.TryAllocate(K4, 16, GpuVma.None, 0, out _));
        Assert.Equal(["F0x1+0x40"], Pieces(set));
        Assert.Equal(Errno.None, set.TryAllocate(K4, 16, GpuVma.None, 0, out _));
    }

    [Fact]
    public void A_piece_given_back_keeps_no_attribute_and_merges_with_both_neighbours()
    {
        VmaSet set = Free(16 * K4);
        GpuVma a = Take(set, 4 * K4);
        GpuVma b = Take(set, 4 * K4);
        (b.IsMapRef, b.IsSparse, b.Page, b.Referenced) = (true, true, 3, 4);
        set.GiveBack(a);
        set.GiveBack(b);
        Assert.Equal(["F0x0+0x10"], Pieces(set));
        GpuVma only = set.First!;
        Assert.Equal((false, false, GpuVma.None, GpuVma.None), (only.IsMapRef, only.IsSparse, only.Page, only.Referenced));
    }

    [Fact]
    public void A_range_in_the_middle_becomes_a_part_with_the_attributes_of_the_whole()
    {
        VmaSet set = Free(16 * K4);
        GpuVma whole = Take(set, 16 * K4);
        (whole.IsMapRef, whole.Page) = (true, 5);
        Assert.True(set.TrySplit(whole, 4 * K4, 8 * K4, out GpuVma? middle));
        Assert.Equal(["U0x0+0x4", "U0x4+0x8 part", "U0xc+0x4 part"], Pieces(set));
        Assert.Equal((true, 5), (middle.IsMapRef, middle.Page));
        Assert.Same(middle, set.Find(0xb_fff));
        Assert.Same(whole, set.Merge(whole, middle, middle.Next, middle.Size));
        Assert.Equal(["U0x0+0x10"], Pieces(set));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_split_without_memory_for_its_records_changes_nothing(int failing)
    {
        var refusing = new Refusing();
        var set = new VmaSet(49, refusing);
        Assert.Equal(Errno.None, set.TryAddManaged(0, 16 * K4));
        refusing.Countdown = failing;
        Assert.False(set.TrySplit(set.First!, 4 * K4, 4 * K4, out _));
        Assert.Equal(["U0x0+0x10"], Pieces(set));
    }

    [Fact]
    public void An_edge_moves_to_the_neighbour_before_or_behind()
    {
        VmaSet set = Free(16 * K4);
        GpuVma whole = Take(set, 16 * K4);
        Assert.True(set.TrySplit(whole, 8 * K4, 8 * K4, out GpuVma? upper));
        Assert.Same(whole, set.Merge(whole, upper, null, 2 * K4));
        Assert.Equal(["U0x0+0xa", "U0xa+0x6 part"], Pieces(set));
        Assert.Same(upper, set.Merge(null, whole, upper, 9 * K4));
        Assert.Equal(["U0x0+0x1", "U0x1+0xf part"], Pieces(set));
        Assert.Same(upper, set.Find(K4));
        Assert.Same(whole, set.Find(0));
    }

    private static VmaSet Free(ulong size)
    {
        var set = new VmaSet(49, null);
        Assert.Equal(Errno.None, set.TryAddFree(0, size));
        return set;
    }

    private static GpuVma Take(VmaSet set, ulong size)
    {
        Assert.Equal(Errno.None, set.TryAllocate(size, 12, GpuVma.None, 0, out GpuVma? vma));
        return vma!;
    }

    /// <summary>Every piece in pages, and that they are without gap and linked both ways.</summary>
    private static List<string> Pieces(VmaSet set)
    {
        var pieces = new List<string>();
        for (GpuVma? vma = set.First; vma is not null; vma = vma.Next)
        {
            Assert.True(vma.Previous is null || vma.Previous.End == vma.Start);
            pieces.Add($"{(vma.IsUsed ? 'U' : 'F')}0x{vma.Start / K4:x}+0x{vma.Size / K4:x}{(vma.IsPart ? " part" : "")}");
        }

        return pieces;
    }

    private sealed class Refusing : IMmuBookkeeping
    {
        public int Countdown { get; set; }

        public bool MayMake(MmuNode record) => --Countdown != 0;
    }
}
