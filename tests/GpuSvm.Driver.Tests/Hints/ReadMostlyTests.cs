using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Hints;

/// <summary>Pages that are read mostly have a duplicate in video memory, as long as nobody writes them.</summary>
public sealed class ReadMostlyTests
{
    private const int Result = 1000;

    public static TheoryData<string> Strategies => [.. MirrorStrategies.All.Select(strategy => strategy.Key)];

    public static TheoryData<string> Changes => ["unmap", "protect", "discard", "remap", "fork", "migrate", "bind", "poison", "advise", "write-protect"];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void The_GPU_reads_a_duplicate_and_the_CPU_its_own_page(string strategy)
    {
        using VideoFixture d = Make(strategy);
        Assert.Equal(10, d.Sum(0, 4, Result));
        Assert.Equal(("SSSS", 4L, 4, 4L), State(d));
        Assert.Equal((4L * 4096, 0L), (d.Gpu.CopyEngine.Counters.BytesToVideo, d.Memory.Counters.PagesToDevice));

        // Neither reads fault again.
        long fetched = d.Driver.Counters.Fetched;
        Assert.Equal(10, d.Sum(0, 4, Result));
        Assert.Equal([1L, 2, 3, 4], Enumerable.Range(0, 4).Select(d.Read));
        Assert.Equal(fetched, d.Driver.Counters.Fetched);
        Assert.Equal(("SSSS", 4L, 4, 4L), State(d));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void A_store_of_the_CPU_ends_the_duplicate_of_its_page_before_it_goes_on(string strategy)
    {
        using VideoFixture d = Make(strategy);
        d.Sum(0, 4, Result);
        d.Cpu.Thread(0).Store(VideoFixture.At(1), 20L);
        Assert.Equal(("SSSS", 4L, 3, 3L), State(d));

        // The second store finds a page that may be written.
        long invalidations = d.Driver.Invalidations;
        d.Cpu.Thread(0).Store(VideoFixture.At(1), 30L);
        Assert.Equal(invalidations, d.Driver.Invalidations);
        Assert.Equal(38, d.Sum(0, 4, Result));
        Assert.Equal(("SSSS", 5L, 4, 4L), State(d));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void A_store_of_the_GPU_ends_the_duplicate_and_goes_to_the_page_itself(string strategy)
    {
        using VideoFixture d = Make(strategy);
        d.Sum(0, 4, Result);
        d.Add(2, 1, atomically: false).ThrowIfFailed();
        Assert.Equal(("SSSS", 4L, 3, 3L), State(d));
        Assert.Equal([1L, 2, 103, 4], Enumerable.Range(0, 4).Select(d.Read));
        Assert.Equal(110, d.Sum(0, 4, Result));
        d.Add(3, 1, atomically: true).ThrowIfFailed();

        // An atomic takes its page from the CPU besides.
        Assert.Equal(("SSSX", 4L, 2, 2L), State(d));
        Assert.Equal([1L, 2, 103, 104], Enumerable.Range(0, 4).Select(d.Read));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void Whatever_changes_a_page_ends_its_duplicate(string change)
    {
        using VideoFixture d = Make("table-aligned");
        d.Sum(0, 4, Result);
        Change(d, change);
        Assert.Equal(3, d.Client.Mirror.DuplicatePages);
    }

    [Fact]
    public void A_page_that_a_fork_has_shared_is_duplicated_and_a_store_of_either_side_is_not_seen_by_the_other()
    {
        using VideoFixture d = Make("table-aligned");
        d.Sum(0, 4, Result);
        SvmClient child = d.Fork(out CpuThread cpu);
        Assert.Equal(0, d.Client.Mirror.DuplicatePages);
        Assert.Equal(10, d.Sum(0, 4, Result));
        Assert.Equal(4, d.Client.Mirror.DuplicatePages);
        cpu.Store(VideoFixture.At(0), 50L);
        Assert.Equal((10L, 4), (d.Sum(0, 4, Result), d.Client.Mirror.DuplicatePages));
        d.Driver.Close(child);
        d.Cpu.Thread(0).Store(VideoFixture.At(0), 60L);
        Assert.Equal((69L, 50L, 4), (d.Sum(0, 4, Result), cpu.Load<long>(VideoFixture.At(0)), d.Client.Mirror.DuplicatePages));
    }

    [Fact]
    public void The_last_who_shares_a_page_reuses_it_and_ends_the_duplicate_all_the_same()
    {
        using VideoFixture d = Make("table-aligned");
        d.Fork(out CpuThread cpu);
        Assert.Equal(10, d.Sum(0, 4, Result));
        cpu.Store(VideoFixture.At(0), 50L);
        long frames = d.Frames.AllocatedFrames;
        d.Cpu.Thread(0).Store(VideoFixture.At(0), 60L);
        Assert.Equal((frames, 3), (d.Frames.AllocatedFrames, d.Client.Mirror.DuplicatePages));
        Assert.Equal(69, d.Sum(0, 4, Result));
    }

    [Fact]
    public void What_somebody_may_write_without_a_fault_is_mapped_where_it_is()
    {
        using VideoFixture d = Make("table-aligned");
        FrameNumber frame;
        using (d.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, d.Mm.TryPin(VideoFixture.At(1), CpuAccess.Write, out frame));
        }

        Assert.Equal(10, d.Sum(0, 4, Result));
        Assert.Equal(("SSSS", 3L, 3, 3L), State(d));
        d.Frames.Memory.Frame(frame)[0] = 200;
        Assert.Equal(208, d.Sum(0, 4, Result));
        d.Frames.Put(frame);
    }

    [Fact]
    public void Who_pins_a_page_for_writing_ends_its_duplicate_first()
    {
        using VideoFixture d = Make("table-aligned");
        d.Sum(0, 4, Result);
        using (d.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, d.Mm.TryPin(VideoFixture.At(1), CpuAccess.Write, out FrameNumber frame));
            Assert.Equal(3, d.Client.Mirror.DuplicatePages);
            d.Frames.Put(frame);
        }
    }

    [Fact]
    public void Nothing_but_private_memory_that_was_written_is_duplicated()
    {
        using VideoFixture d = Make("table-aligned");
        d.Map(10, 2, written: 0);
        Assert.Equal(0, d.Read(10));
        Assert.Equal(Errno.None, d.Mm.MapShared(VideoFixture.At(12), 2 * Page.Size, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));
        d.Cpu.Thread(0).Store(VideoFixture.At(12), 7L);
        d.Bind(0, 1);
        Advise(d, 10, 4, MemoryAdvice.ReadMostly);
        Assert.Equal(7, d.Sum(10, 4, Result));
        Assert.Equal((0L, 0), (d.Driver.Counters.DuplicatedPages, d.Client.Mirror.DuplicatePages));

        // What lives in video memory is read there.
        Assert.Equal(1, d.Sum(0, 1, Result));
        Assert.Equal(("V", 0L), (d.Where(0, 1), d.Driver.Counters.DuplicatedPages));
    }

    [Fact]
    public void A_page_of_video_memory_that_the_CPU_reaches_needs_no_duplicate_and_comes_home_where_that_is_preferred()
    {
        using var d = new VideoFixture(kind: DevicePageKind.Coherent);
        d.Map(0, 4);
        d.Map(Result, 1);
        d.Bind(0, 4);
        Advise(d, 0, 4, MemoryAdvice.ReadMostly);
        Assert.Equal(10, d.Sum(0, 4, Result));
        Assert.Equal(("CCCC", 0L), (d.Where(0, 4), d.Driver.Counters.DuplicatedPages));
        Advise(d, 1, 2, MemoryAdvice.PreferHost);
        Assert.Equal(10, d.Sum(0, 4, Result));
        Assert.Equal(("CSSC", 2L), (d.Where(0, 4), d.Memory.Counters.PagesHomeByRequest));
    }

    [Fact]
    public void A_huge_page_is_split_and_duplicated_in_part()
    {
        using var d = new VideoFixture();
        d.Map(Result, 1);
        Assert.Equal(Errno.None, d.Mm.Map(VideoFixture.At(0), HugePage.Size, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));
        Assert.Equal(Errno.None, d.Mm.Advise(VideoFixture.At(0), HugePage.Size, GpuSvm.Advice.HugePage));
        Advise(d, 0, HugePage.PageCount, MemoryAdvice.ReadMostly);
        d.Cpu.Thread(0).Store(VideoFixture.At(7), 5L);
        Assert.Equal(5, d.Sum(5, 3, Result));
        Assert.Equal((3, 0L), (d.Client.Mirror.DuplicatePages, d.Driver.Counters.HugePagesMapped));
        d.Cpu.Thread(0).Store(VideoFixture.At(7), 6L);
        Assert.Equal((6L, 3), (d.Sum(5, 3, Result), d.Client.Mirror.DuplicatePages));
    }

    [Fact]
    public void Duplicates_are_given_up_before_video_memory_counts_as_full()
    {
        using VideoFixture d = Make("table-aligned", ByteSize.MiB(2));
        d.Sum(0, 4, Result);
        KeepTablesOf(d, 10);
        d.Map(2000, 600, written: 0);
        long before = d.Bind(2000, 600).Pages;
        Assert.Equal(0, d.Client.Mirror.DuplicatePages);

        // There is no room for a duplicate now, and nothing leaves for one.
        Assert.Equal(10, d.Sum(0, 4, Result));
        Assert.Equal((4L, 0, before), (d.Driver.Counters.DuplicatedPages, d.Client.Mirror.DuplicatePages, d.Memory.UsedPages));
    }

    [Fact]
    public void Around_a_fault_pages_are_not_mapped_that_are_to_be_duplicated()
    {
        using var d = new VideoFixture(new SvmDriverOptions { PagesPerFault = 16 });
        d.Map(0, 8);
        d.Map(Result, 1);
        Advise(d, 0, 4, MemoryAdvice.ReadMostly);
        Assert.Equal(5, d.Sum(4, 1, Result));
        Assert.Equal(5, d.Driver.MappedPages);
        Assert.Equal(10, d.Sum(0, 4, Result));
        Assert.Equal(4, d.Client.Mirror.DuplicatePages);
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Advice_for_a_part_of_what_is_mapped_already_is_followed_though_the_rest_is_touched_first(string strategy)
    {
        using VideoFixture d = Make(strategy);
        d.Map(4, 12);
        Advise(d, 0, 4, MemoryAdvice.None);
        Assert.Equal(136, d.Sum(0, 16, Result));
        Advise(d, 4, 4, MemoryAdvice.ReadMostly);
        Assert.Equal(0L, d.Driver.Counters.DuplicatedPages);
        d.Client.Mirror.DropAll();
        d.Add(0, 4, atomically: false).ThrowIfFailed();
        d.Add(8, 8, atomically: false).ThrowIfFailed();
        Assert.Equal(136 + 1200, d.Sum(0, 16, Result));
        Assert.Equal(4, d.Client.Mirror.DuplicatePages);
    }

    [Fact]
    public void A_failed_copy_leaves_the_page_to_be_mapped_where_it_is()
    {
        using VideoFixture d = Make("table-aligned", copyTimeout: TimeSpan.Zero);
        d.Gpu.CopyEngine.Halt();
        Assert.Equal(10, d.Sum(0, 4, Result));
        d.Gpu.CopyEngine.Resume();
        Assert.Equal(("SSSS", 0L, 0, 0L), State(d));
        Assert.Equal((5L, 0L), (d.Driver.MappedPages, d.Driver.Counters.Cancels));
    }

    [Fact]
    public void A_driver_that_sleeps_or_ends_keeps_no_duplicate()
    {
        using VideoFixture d = Make("table-aligned");
        d.Sum(0, 4, Result);
        d.Driver.Suspend();
        Assert.Equal((0, 0L), (d.Client.Mirror.DuplicatePages, d.Gpu.VideoMemory.AllocatedPages));
        d.Driver.Resume();
        Assert.Equal((10L, 4), (d.Sum(0, 4, Result), d.Client.Mirror.DuplicatePages));
        d.Driver.Close(d.Client);
        Assert.Equal(0, d.Gpu.VideoMemory.AllocatedPages);
    }

    private static void Change(VideoFixture d, string change)
    {
        ulong page = VideoFixture.At(1);
        Assert.Equal(Errno.None, change switch
        {
            "unmap" => d.Mm.Unmap(page, Page.Size),
            "protect" => d.Mm.Protect(page, Page.Size, Protection.Read),
            "write-protect" => d.Mm.WriteProtect(page, Page.Size),
            "discard" => d.Mm.Discard(page, Page.Size),
            "remap" => d.Mm.Remap(page, Page.Size, Page.Size, RemapFlags.MayMove | RemapFlags.Fixed, VideoFixture.At(500), out _),
            "migrate" => d.Driver.Migrate(d.Client, VideoFixture.Pages(1, 1)).Error,
            "bind" => d.Bind(1, 1).Error,
            "poison" => d.Mm.Advise(page, Page.Size, GpuSvm.Advice.Poison),
            "advise" => d.Driver.TryAdvise(d.Client, VideoFixture.Pages(1, 1), MemoryAdvice.None),
            "fork" => ForkWithout(d),
            _ => Errno.EINVAL,
        });
    }

    /// <summary>A fork that shares one page.</summary>
    private static Errno ForkWithout(VideoFixture d)
    {
        Assert.Equal(Errno.None, d.Mm.Advise(VideoFixture.At(0), Page.Size, GpuSvm.Advice.DontFork));
        Assert.Equal(Errno.None, d.Mm.Advise(VideoFixture.At(2), 2 * Page.Size, GpuSvm.Advice.DontFork));
        d.Fork(out _);
        return Errno.None;
    }

    /// <summary>Four pages that are read mostly, with 1 to 4 in them, and a page for results, which the GPU has mapped.</summary>
    private static VideoFixture Make(string strategy, ByteSize? videoMemory = null, TimeSpan? copyTimeout = null)
    {
        var options = new SvmDriverOptions { Strategy = MirrorStrategies.All.Single(other => other.Key == strategy).Value };
        var d = new VideoFixture(options, videoMemory, readAround: 1, copyTimeout);
        d.Map(0, 4);
        d.Map(Result, 1);
        Advise(d, 0, 4, MemoryAdvice.ReadMostly);
        return d;
    }

    /// <summary>Has the GPU map a page that nothing drops, so that the tables of its block stay when memory is full.</summary>
    private static void KeepTablesOf(VideoFixture d, int page)
    {
        d.Map(page, 1);
        d.Add(page, 1, atomically: false).ThrowIfFailed();
    }

    private static (string Where, long Made, int Now, long Pages) State(VideoFixture d) =>
        (d.Where(0, 4), d.Driver.Counters.DuplicatedPages, d.Client.Mirror.DuplicatePages, d.Gpu.VideoMemory.AllocatedPages);

    private static void Advise(VideoFixture d, int first, int count, MemoryAdvice advice) =>
        Assert.Equal(Errno.None, d.Driver.TryAdvise(d.Client, VideoFixture.Pages(first, count), advice));
}
