using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Hints;

/// <summary>Advice is taken for what is mapped, kept beside the mappings, and forgotten with them.</summary>
public sealed class AdviseTests
{
    [Fact]
    public void What_is_wrong_is_refused_and_changes_nothing()
    {
        using var d = new DriverFixture(unmanaged: new AddressRange(0x7000_0000, 0x7010_0000));
        VirtualAddress at = d.MapBlocks(1);
        Assert.Equal(Errno.EINVAL, d.Driver.TryAdvise(d.Client, new AddressRange(at, at), MemoryAdvice.PreferHost));
        Assert.Equal(Errno.EINVAL, d.Driver.TryAdvise(d.Client, AddressRange.FromLength(at + 8, 4096), MemoryAdvice.PreferHost));
        Assert.Equal(Errno.EINVAL, d.Driver.TryAdvise(d.Client, AddressRange.PageAt(at), MemoryAdvice.RemoteMap + 1));
        Assert.Equal(Errno.EINVAL, d.Driver.TryAdvise(d.Client, AddressRange.PageAt(0x7000_0000), MemoryAdvice.PreferHost));
        Assert.Equal(Errno.EINVAL, d.Driver.TryAdvise(d.Client, AddressRange.PageAt(1UL << 60), MemoryAdvice.PreferHost));
        Assert.Equal(Errno.ENOMEM, d.Driver.TryAdvise(d.Client, AddressRange.FromLength(at, HugePage.Size + 4096), MemoryAdvice.PreferHost));
        d.MapBlocks(1, at + (2 * HugePage.Size));
        Assert.Equal(Errno.ENOMEM, d.Driver.TryAdvise(d.Client, AddressRange.FromLength(at, 3 * HugePage.Size), MemoryAdvice.PreferHost));
        AddressRange all = AddressRange.FromLength(at, HugePage.Size);
        Assert.Equal([new AdviceRun(all, MemoryAdvice.None)], d.Driver.GetAdvice(d.Client, all));
        Assert.Throws<ArgumentException>(() => d.Driver.GetAdvice(d.Client, AddressRange.FromLength(at, 12)));
    }

    [Fact]
    public void Advice_covers_mappings_that_differ_and_is_asked_for_in_runs()
    {
        using var d = new VideoFixture();
        d.Map(0, 2);
        d.Map(2, 2, protection: Protection.Read, written: 0);
        Advise(d, 1, 2, MemoryAdvice.ReadMostly);
        Assert.Equal(
            [
                new AdviceRun(VideoFixture.Pages(0, 1), MemoryAdvice.None),
                new AdviceRun(VideoFixture.Pages(1, 2), MemoryAdvice.ReadMostly),
                new AdviceRun(VideoFixture.Pages(3, 1), MemoryAdvice.None),
            ],
            d.Driver.GetAdvice(d.Client, VideoFixture.Pages(0, 4)));
    }

    [Fact]
    public void A_change_drops_the_entries_of_what_it_changes_and_the_same_again_drops_none()
    {
        using var d = new VideoFixture();
        d.Map(0, 8);
        d.Add(0, 8, atomically: false).ThrowIfFailed();
        Advise(d, 0, 4, MemoryAdvice.RemoteMap);
        Assert.Equal((4L, 1L), (d.Driver.MappedPages, d.Driver.Invalidations));
        d.Add(0, 8, atomically: false).ThrowIfFailed();
        Advise(d, 0, 4, MemoryAdvice.RemoteMap);
        Assert.Equal((8L, 1L), (d.Driver.MappedPages, d.Driver.Invalidations));
        Advise(d, 2, 4, MemoryAdvice.RemoteMap);
        Assert.Equal((6L, 2L), (d.Driver.MappedPages, d.Driver.Invalidations));
    }

    [Fact]
    public void An_unmap_resets_what_it_unmaps_and_a_discard_nothing()
    {
        using var d = new VideoFixture();
        d.Map(0, 6);
        Advise(d, 0, 6, MemoryAdvice.PreferDevice);
        Assert.Equal(Errno.None, d.Mm.Discard(VideoFixture.At(0), 6 * Page.Size));
        Assert.Equal("DDDDDD", Said(d, 0, 6));
        Assert.Equal(Errno.None, d.Mm.Unmap(VideoFixture.At(2), 2 * Page.Size));
        Assert.Equal("DD--DD", Said(d, 0, 6));
        d.Map(2, 2);
        Assert.Equal("DD--DD", Said(d, 0, 6));
    }

    [Fact]
    public void Kept_advice_outlives_its_mapping()
    {
        using var d = new VideoFixture(client: new SvmClientOptions { AdviceOnUnmap = AdviceOnUnmap.Keep });
        d.Map(0, 6);
        Advise(d, 0, 6, MemoryAdvice.PreferDevice);
        Assert.Equal(Errno.None, d.Mm.Unmap(VideoFixture.At(2), 2 * Page.Size));
        Assert.Equal("DDDDDD", Said(d, 0, 6));
    }

    [Theory]
    [InlineData(RemapFlags.MayMove | RemapFlags.Fixed)]
    [InlineData(RemapFlags.MayMove | RemapFlags.Fixed | RemapFlags.DontUnmap)]
    public void What_moves_to_other_addresses_leaves_its_advice_behind_and_that_is_reset(RemapFlags flags)
    {
        using var d = new VideoFixture();
        d.Map(0, 4);
        d.Map(10, 2);
        Advise(d, 0, 4, MemoryAdvice.RemoteMap);
        Advise(d, 10, 2, MemoryAdvice.PreferHost);
        Assert.Equal(Errno.None, d.Mm.Remap(VideoFixture.At(1), 2 * Page.Size, 2 * Page.Size, flags, VideoFixture.At(10), out _));
        Assert.Equal("R--R", Said(d, 0, 4));
        Assert.Equal("--", Said(d, 10, 2));
    }

    [Fact]
    public void A_forked_child_begins_without_advice_and_its_parent_keeps_its_own()
    {
        using var d = new VideoFixture();
        d.Map(0, 2);
        Advise(d, 0, 2, MemoryAdvice.ReadMostly);
        SvmClient child = d.Fork(out _);
        Assert.Equal("MM", Said(d, 0, 2));
        Assert.Equal([new AdviceRun(VideoFixture.Pages(0, 2), MemoryAdvice.None)], d.Driver.GetAdvice(child, VideoFixture.Pages(0, 2)));
    }

    [Fact]
    public void Who_gives_no_advice_adds_no_notifier_and_a_closed_client_leaves_none()
    {
        using var d = new VideoFixture();
        d.Map(0, 2);
        Advise(d, 0, 2, MemoryAdvice.ReadMostly);
        d.Driver.Close(d.Client);
        Assert.Equal(Errno.EINVAL, d.Driver.TryAdvise(d.Client, VideoFixture.Pages(0, 2), MemoryAdvice.None));
        Assert.Equal(Errno.None, d.Mm.Unmap(VideoFixture.At(0), Page.Size));
        Assert.Equal("MM", Said(d, 0, 2));
    }

    private static void Advise(VideoFixture d, int first, int count, MemoryAdvice advice) =>
        Assert.Equal(Errno.None, d.Driver.TryAdvise(d.Client, VideoFixture.Pages(first, count), advice));

    /// <summary>What was said of pages, a letter each: H host, D device, M mostly read, R remote, - nothing.</summary>
    private static string Said(VideoFixture d, int first, int count) => string.Concat(
        d.Driver.GetAdvice(d.Client, VideoFixture.Pages(first, count)).Select(run => new string("-HDMR"[(int)run.Advice], (int)run.Range.PageCount)));
}
