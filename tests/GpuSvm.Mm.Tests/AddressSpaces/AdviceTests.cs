namespace GpuSvm.Mm.Tests;

public sealed class AdviceTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Theory]
    [InlineData(Advice.DontNeed)]
    [InlineData(Advice.Free)]
    public void Bytes_that_are_given_up_are_zero_and_their_frames_free(Advice advice)
    {
        using var m = new TestMachine();
        m.MapAt(Base, 3);
        Fill(m, 3);
        Assert.Equal(Errno.None, m.Mm.Advise(Base + Size, Size, advice));
        Assert.Equal((1L, 0L, 3L), (m.Thread.Load<long>(Base), m.Thread.Load<long>(Base + Size), m.Thread.Load<long>(Base + (2 * Size))));
        Assert.Equal(2, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void Only_anonymous_memory_can_be_freed()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Mm.MapShared(Base + Size, Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        Fill(m, 2);
        Assert.Equal(Errno.EINVAL, m.Mm.Advise(Base, 2 * Size, Advice.Free));
        Assert.Equal((1L, 2L), (m.Thread.Load<long>(Base), m.Thread.Load<long>(Base + Size)));
    }

    [Fact]
    public void Advice_on_huge_pages_and_forks_cuts_mappings_and_joins_them_again()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 4);
        Assert.Equal(Errno.None, m.Mm.Advise(Base + Size, 2 * Size, Advice.HugePage));
        Assert.Equal([VmaFlags.None, VmaFlags.HugePage, VmaFlags.None], Flags(m));
        m.Mm.Advise(Base + Size, Size, Advice.NoHugePage);
        Assert.Equal([VmaFlags.None, VmaFlags.NoHugePage, VmaFlags.HugePage, VmaFlags.None], Flags(m));
        m.Mm.Advise(Base, 4 * Size, Advice.NoHugePage);
        Assert.Equal([VmaFlags.NoHugePage], Flags(m));
        m.Mm.Advise(Base, Size, Advice.DontFork);
        Assert.Equal([VmaFlags.NoHugePage | VmaFlags.DontFork, VmaFlags.NoHugePage], Flags(m));
        m.Mm.Advise(Base, 2 * Size, Advice.DoFork);
        Assert.Equal([VmaFlags.NoHugePage], Flags(m));
    }

    [Fact]
    public void Populating_for_reading_brings_the_zero_page_and_for_writing_frames()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 4);
        Assert.Equal(Errno.None, m.Mm.Advise(Base, 4 * Size, Advice.PopulateRead));
        Assert.Equal((0L, m.Frames.ZeroFrame), (m.Frames.AllocatedFrames, m.Mm.PageTable.Read(Base + (3 * Size)).Frame));
        Assert.Equal(Errno.None, m.Mm.Advise(Base + Size, 2 * Size, Advice.PopulateWrite));
        Assert.Equal(2, m.Frames.AllocatedFrames);
        Assert.Equal(
            [Protection.Read, Protection.ReadWrite, Protection.ReadWrite, Protection.Read],
            Enumerable.Range(0, 4).Select(i => m.Mm.PageTable.Read(Base + ((ulong)i * Size)).Rights));
    }

    [Fact]
    public void Populating_stops_where_memory_ends()
    {
        using var m = new TestMachine(limit: 2);
        m.MapAt(Base, 4);
        Assert.Equal(Errno.ENOMEM, m.Mm.Advise(Base, 4 * Size, Advice.PopulateWrite));
        Assert.Equal(2, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void Populating_needs_the_right_and_does_nothing_without_it()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.MapAt(Base + Size, 1, Protection.Read);
        m.MapAt(Base + (2 * Size), 1, Protection.None);
        Assert.Equal(Errno.EINVAL, m.Mm.Advise(Base, 2 * Size, Advice.PopulateWrite));
        Assert.Equal(Errno.EINVAL, m.Mm.Advise(Base, 3 * Size, Advice.PopulateRead));
        Assert.Equal((0L, true), (m.Frames.AllocatedFrames, m.Mm.PageTable.Read(Base).IsNone));
    }

    [Theory]
    [InlineData(Advice.DontNeed)]
    [InlineData(Advice.Free)]
    [InlineData(Advice.DoFork)]
    [InlineData(Advice.HugePage)]
    [InlineData(Advice.NoHugePage)]
    [InlineData(Advice.PopulateRead)]
    [InlineData(Advice.PopulateWrite)]
    public void Special_frames_take_no_advice_but_not_to_be_forked(Advice advice)
    {
        using var m = new TestMachine();
        m.Mm.MapSpecial(Base, new FrameNumber(100), Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        Assert.Equal(Errno.None, m.Mm.Advise(Base, Size, Advice.DontFork));
        Assert.Equal(Errno.EINVAL, m.Mm.Advise(Base, Size, advice));
        Assert.Equal([VmaFlags.Shared | VmaFlags.Special | VmaFlags.DontFork], Flags(m));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(25000)]
    [InlineData(-1)]
    public void Unknown_advice_is_EINVAL_whatever_else_is_wrong(int advice)
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        Assert.Equal(Errno.EINVAL, m.Mm.Advise(Base, 0, (Advice)advice));
        Assert.Equal(Errno.EINVAL, m.Mm.Advise(Base, Size, (Advice)advice));
        Assert.Equal(Errno.EINVAL, m.Mm.Advise(0x50000UL, Size, (Advice)advice));
    }

    [Theory]
    [InlineData(Advice.DontNeed)]
    [InlineData(Advice.Free)]
    [InlineData(Advice.DontFork)]
    [InlineData(Advice.DoFork)]
    [InlineData(Advice.HugePage)]
    [InlineData(Advice.NoHugePage)]
    [InlineData(Advice.PopulateRead)]
    [InlineData(Advice.PopulateWrite)]
    [InlineData(Advice.Collapse)]
    [InlineData(Advice.Poison)]
    public void Bad_ranges_get_the_error_of_madvise_and_change_nothing(Advice advice)
    {
        using var m = new TestMachine(options: new AddressSpaceOptions { VmaLimit = 2 });
        m.MapAt(Base, 3);
        m.Thread.Store(Base, 1L);
        Assert.Equal(Errno.EINVAL, m.Mm.Advise(Base + 1, Size, advice));
        Assert.Equal(Errno.EINVAL, m.Mm.Advise(Base, ulong.MaxValue - Base, advice));
        Assert.Equal(Errno.None, m.Mm.Advise(0x70000UL, 0, advice));
        Assert.Equal(advice == Advice.Poison ? Errno.EFAULT : Errno.ENOMEM, m.Mm.Advise(Base, 4 * Size, advice));
        Assert.Equal(Errno.ENOMEM, m.Mm.Advise(Base, 1UL << 50, advice));
        Assert.Equal((1L, 1L), (m.Thread.Load<long>(Base), m.Frames.AllocatedFrames));
        Assert.Equal([VmaFlags.None], Flags(m));
        if (advice is Advice.HugePage or Advice.NoHugePage or Advice.DontFork)
        {
            Assert.Equal(Errno.ENOMEM, m.Mm.Advise(Base + Size, Size, advice));
            Assert.Equal([VmaFlags.None], Flags(m));
        }
    }

    private static void Fill(TestMachine m, int pages)
    {
        for (int i = 0; i < pages; i++)
        {
            m.Thread.Store(Base + ((ulong)i * Size), i + 1L);
        }
    }

    private static IEnumerable<VmaFlags> Flags(TestMachine m) => m.Mm.Vmas().Select(vma => vma.Flags);
}
