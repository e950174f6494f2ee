using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>Pages come to the GPU's own memory because a program asks, are used there, and go home.</summary>
public sealed class BindTests
{
    public static TheoryData<string> Strategies => [.. MirrorStrategies.All.Select(strategy => strategy.Key)];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Pages_move_are_used_there_without_a_fault_and_come_home_by_touch(string strategy)
    {
        using var d = new VideoFixture(OptionsOf(strategy));
        d.Map(0, 8, written: 6);
        Assert.Equal(new BindResult(8, 8, Errno.None), d.Bind(0, 8));
        Assert.Equal(("VVVVVVVV", 0L, 8L), (d.Where(0, 8), d.Frames.AllocatedFrames, d.Gpu.VideoMemory.AllocatedPages));
        Assert.Equal((6L * 4096, 2L * 4096), (d.Gpu.CopyEngine.Counters.BytesToVideo, d.Gpu.CopyEngine.Counters.BytesCleared));
        d.Add(0, 8, atomically: true).ThrowIfFailed();
        Assert.Equal((0L, 8L, 0L), (d.Gpu.Counters.FaultsReported, d.Driver.MappedPages, d.Gpu.DmaMapper.MappedPages));

        Assert.Equal(106, d.Read(5));
        Assert.Equal(("VVVVSSSS", 4L), (d.Where(0, 8), d.Driver.MappedPages));
        Assert.Equal((4L * 4096, 4L), (d.Gpu.CopyEngine.Counters.BytesToSystem, d.Frames.AllocatedFrames));
        Assert.Equal([105L, 106, 100, 100], Enumerable.Range(4, 4).Select(d.Read));
        d.Add(0, 8, atomically: false).ThrowIfFailed();
        Assert.Equal(FaultsOfAdd(strategy, 4), d.Driver.Counters.Fetched);
        Assert.Equal([201L, 202, 203, 204, 205, 206, 200, 200], Enumerable.Range(0, 8).Select(d.Read));
        Assert.Equal(("SSSSSSSS", 0L), (d.Where(0, 8), d.Memory.UsedPages));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void The_own_event_is_passed_over_in_both_directions_and_what_moves_is_dropped_once(string strategy)
    {
        using var d = new VideoFixture(OptionsOf(strategy));
        d.Map(0, 4);
        d.Add(0, 4, atomically: false).ThrowIfFailed();
        long before = FaultsOfAdd(strategy, 4) - 4;
        Assert.Equal((4L, before), (d.Driver.MappedPages, d.Driver.Invalidations));

        Assert.Equal(new BindResult(4, 4, Errno.None), d.Bind(0, 4));
        Assert.Equal(before + 1, d.Driver.Invalidations);

        // What is there already is not dropped by who binds it again; but ranges hear of each event.
        Assert.Equal(new BindResult(0, 4, Errno.None), d.Bind(0, 4));
        before += strategy == "sized-ranges" ? 1 : 0;
        Assert.Equal((before + 1, 4L), (d.Driver.Invalidations, d.Driver.MappedPages));

        Assert.Equal(101, d.Read(0));
        Assert.Equal((before + 2, 0L), (d.Driver.Invalidations, d.Driver.MappedPages));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void A_fault_on_a_page_of_video_memory_maps_it_there_with_atomics_wherever_it_may_be_written(string strategy)
    {
        using var d = new VideoFixture(OptionsOf(strategy));
        d.Map(0, 2);
        d.Bind(0, 2);
        d.Client.Mirror.DropAll();
        Assert.Equal(0, d.Driver.MappedPages);

        d.Add(0, 2, atomically: true).ThrowIfFailed();

        Assert.Equal(("VV", 2L, 0L), (d.Where(0, 2), d.Driver.MappedPages, d.Driver.Counters.ExclusivePages));
        d.Add(0, 2, atomically: false).ThrowIfFailed();
        Assert.Equal(2, d.Driver.Counters.Fetched);
        Assert.Equal((201L, 202L), (d.Read(0), d.Read(1)));
    }

    [Fact]
    public void A_shared_page_of_video_memory_is_read_there_and_comes_home_for_a_store()
    {
        using var d = new VideoFixture(readAround: 1);
        d.Map(0, 2);
        d.Bind(0, 2);
        SvmClient child = d.Fork(out CpuThread cpu);
        Assert.Equal(0, d.Driver.MappedPages);

        d.Add(0, 1, atomically: false).ThrowIfFailed();
        d.Add(child, 1, 1, atomically: true).ThrowIfFailed();

        Assert.Equal((101L, 2L), (d.Read(0), d.Read(1)));
        Assert.Equal((1L, 102L), (cpu.Load<long>(VideoFixture.At(0)), cpu.Load<long>(VideoFixture.At(1))));
    }

    [Fact]
    public void Pages_come_home_by_touch_and_by_eviction_without_an_allocation_once_that_is_warm()
    {
        using var d = new VideoFixture(readAround: 16);
        d.Map(0, 64);

        // Until every group of the DMA mapper's addresses was in use once: it takes them in random order.
        for (int i = 0; i < 400; i++)
        {
            d.Bind(0, 64);
            d.Read(i % 64);
            Assert.Equal(Errno.None, d.Memory.Evict(d.Memory.Allocations[0]));
        }

        d.Bind(0, 64);
        DeviceAllocation allocation = d.Memory.Allocations[0];
        long before = GC.GetAllocatedBytesForCurrentThread();
        d.Read(5);
        d.Read(21);
        long byTouch = GC.GetAllocatedBytesForCurrentThread() - before;
        d.Memory.Evict(allocation);
        long byEviction = GC.GetAllocatedBytesForCurrentThread() - before - byTouch;
        Assert.Equal((0L, 0L), (byTouch, byEviction));
        Assert.Equal((new string('S', 64), 0L), (d.Where(0, 64), d.Memory.UsedPages));
    }

    [Fact]
    public void The_start_is_rounded_down_and_the_end_up_and_holes_are_passed_over()
    {
        using var d = new VideoFixture();
        d.Map(1, 2);
        d.Map(5, 1);
        d.Map(7, 1);
        BindRequest request = BindRequest.Migrate(VideoFixture.At(0) + 5, VideoFixture.At(6) + 1, priority: 200);
        Assert.Equal(new BindResult(3, 3, Errno.None), d.Driver.Bind(d.Client, request));
        Assert.Equal(".VV..V.S", d.Where(0, 8));
    }

    [Fact]
    public void What_is_not_understood_is_EINVAL_and_changes_nothing()
    {
        using var d = new VideoFixture();
        d.Map(0, 2);
        BindRequest good = BindRequest.Migrate(VideoFixture.At(0), VideoFixture.At(2));
        BindRequest[] wrong =
        [
            good with { Reserved0 = 1 },
            good with { Reserved1 = 1 },
            good with { Stride = 4096 },
            good with { Header = good.Header | (1UL << 48) },
            good with { Header = good.Header | (1UL << 63) },
            good with { Header = good.Header | 1 },
            good with { Header = good.Header ^ (1UL << 47) },
            good with { Header = 0 },
            good with { End = good.Start },
            good with { Start = good.End + 1 },
            good with { End = ulong.MaxValue },
            default,
        ];
        Assert.All(wrong, request => Assert.Equal(new BindResult(0, 0, Errno.EINVAL), d.Driver.Bind(d.Client, request)));
        Assert.Equal("SS", d.Where(0, 2));
        Assert.Equal(0x0000_8000_0000_0000UL, good.Header);
        d.Driver.Close(d.Client);
        Assert.Equal(new BindResult(0, 0, Errno.EINVAL), d.Driver.Bind(d.Client, good));
    }

    [Fact]
    public void Nothing_moves_while_the_driver_is_suspended()
    {
        using var d = new VideoFixture();
        d.Map(0, 2);
        d.Driver.Suspend();
        Assert.Equal(new BindResult(0, 0, Errno.EBUSY), d.Bind(0, 2));
        Assert.Equal("SS", d.Where(0, 2));

        d.Driver.Resume();
        Assert.Equal(new BindResult(2, 2, Errno.None), d.Bind(0, 2));
    }

    [Fact]
    public void The_pages_of_the_client_move_and_those_of_nobody_else()
    {
        using var d = new VideoFixture();
        d.Map(0, 2);
        SvmClient child = d.Fork(out CpuThread cpu);
        cpu.Store(VideoFixture.At(0), 7L);
        cpu.Store(VideoFixture.At(1), 8L);
        Assert.Equal(2, d.Driver.Bind(child, BindRequest.Migrate(VideoFixture.At(0), VideoFixture.At(2))).Pages);
        Assert.Equal(("SS", "VV"), (d.Where(0, 2), VideoFixture.Where(child.Mm, 0, 2)));
    }

    [Fact]
    public void Without_pages_on_the_device_nothing_is_bound()
    {
        using var d = new DriverFixture();
        Assert.Equal(new BindResult(0, 0, Errno.ENOSYS), d.Driver.Bind(d.Client, BindRequest.Migrate(0x1000, 0x2000)));
        Assert.Null(d.Driver.DeviceMemory);
    }

    [Fact]
    public void When_video_memory_is_full_the_rest_stays_at_home_and_the_error_says_so()
    {
        // 64 pages: a thirty-second and 16 stay free for page tables.
        using var d = new VideoFixture(videoMemory: ByteSize.KiB(256));
        d.Map(0, 100);
        BindResult result = d.Bind(0, 100);
        Assert.Equal((Errno.ENOMEM, d.Gpu.VideoMemory.AllocatedPages), (result.Error, result.Pages));
        Assert.Equal((46, 46), (result.Pages, d.Memory.Counters.PeakPages));
        Assert.Equal(new string('V', (int)result.Pages) + new string('S', 100 - (int)result.Pages), d.Where(0, 100));
        Assert.Equal(Enumerable.Range(1, 100).Select(i => (long)i), Enumerable.Range(0, 100).Select(d.Read));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    public void A_copy_that_fails_on_the_way_there_leaves_everything_as_it_was(int command)
    {
        using var d = new VideoFixture();
        d.Map(0, 8);

        // Of every other page nothing is there: so each page is a command of its own.
        for (int page = 1; page < 8; page += 2)
        {
            Assert.Equal(Errno.None, d.Mm.Discard(VideoFixture.At(page), Page.Size));
        }

        d.Gpu.CopyEngine.FailAfter(command);
        Assert.Equal(new BindResult(0, 0, Errno.EIO), d.Bind(0, 8));
        d.Memory.Reclaim();
        Assert.Equal(("S-S-S-S-", 0L, 4L), (d.Where(0, 8), d.Gpu.VideoMemory.AllocatedPages, d.Frames.AllocatedFrames));
        d.Add(0, 8, atomically: false).ThrowIfFailed();
        Assert.Equal([101L, 100, 103, 100, 105, 100, 107, 100], Enumerable.Range(0, 8).Select(d.Read));
        Assert.Equal(8, d.Bind(0, 8).Pages);
    }

    [Fact]
    public void A_copy_that_fails_on_the_way_home_fails_the_touch_and_the_GPU_still_has_the_page()
    {
        using var d = new VideoFixture();
        d.Map(0, 4);
        d.Bind(0, 4);
        d.Gpu.CopyEngine.FailAfter(2);
        Assert.Equal(Errno.EIO, Assert.Throws<SvmException>(() => d.Read(1)).Error);
        Assert.Equal(("VVVV", 0L, 0L), (d.Where(0, 4), d.Frames.AllocatedFrames, d.Gpu.DmaMapper.MappedPages));
        d.Add(0, 4, atomically: false).ThrowIfFailed();
        Assert.Equal([101L, 102, 103, 104], Enumerable.Range(0, 4).Select(d.Read));
    }

    [Fact]
    public void A_copy_engine_that_does_not_answer_is_given_up_in_both_directions()
    {
        using var d = new VideoFixture(copyTimeout: TimeSpan.Zero);
        d.Map(0, 4);
        d.Gpu.CopyEngine.Halt();
        Assert.Equal(new BindResult(0, 0, Errno.ETIMEDOUT), d.Bind(0, 4));
        d.Gpu.CopyEngine.Resume();
        Assert.Equal(4, d.Bind(0, 4).Pages);
        d.Gpu.CopyEngine.Halt();
        Assert.Equal(Errno.ETIMEDOUT, Assert.Throws<SvmException>(() => d.Read(1)).Error);
        d.Gpu.CopyEngine.Resume();
        Assert.Equal([1L, 2, 3, 4], Enumerable.Range(0, 4).Select(d.Read));
    }

    [Fact]
    public void A_huge_page_moves_as_one_and_is_mapped_by_one_entry()
    {
        using var d = new VideoFixture();
        Assert.Equal(Errno.None, d.Mm.Map(VideoFixture.At(0), HugePage.Size, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));
        Assert.Equal(Errno.None, d.Mm.Advise(VideoFixture.At(0), HugePage.Size, Advice.HugePage));
        d.Cpu.Thread(0).Store(VideoFixture.At(300), 5L);
        Assert.Equal(new BindResult(512, 512, Errno.None), d.Bind(0, 512));
        Assert.Equal(1, d.Gpu.CopyEngine.Counters.Commands);
        long tables = d.Gpu.VideoMemory.AllocatedBytes;
        d.Add(300, 1, atomically: true).ThrowIfFailed();
        Assert.Equal((0L, tables), (d.Gpu.Counters.FaultsReported, d.Gpu.VideoMemory.AllocatedBytes));
        Assert.Equal(105, d.Read(300));
        Assert.Equal((512L, 0L), (d.Frames.AllocatedFrames, d.Driver.MappedPages));
    }

    [Fact]
    public void When_the_driver_ends_all_pages_are_at_home_again_with_their_bytes()
    {
        using var d = new VideoFixture();
        d.Map(0, 8);
        d.Bind(0, 8);
        d.Add(0, 8, atomically: true).ThrowIfFailed();
        d.Driver.Dispose();
        Assert.Equal(("SSSSSSSS", 0L), (d.Where(0, 8), d.Gpu.VideoMemory.AllocatedPages));
        Assert.Equal([101L, 102, 103, 104, 105, 106, 107, 108], Enumerable.Range(0, 8).Select(d.Read));
    }

    [Fact]
    public void A_client_that_ends_leaves_its_pages_where_they_are_and_a_process_that_ends_frees_them()
    {
        using var d = new VideoFixture();
        d.Map(0, 8);
        d.Bind(0, 8);
        d.Driver.Close(d.Client);
        Assert.Equal(("VVVVVVVV", 1L), (d.Where(0, 8), d.Read(0)));
        Assert.Equal("SSSSVVVV", d.Where(0, 8));
        d.Mm.Dispose();
        d.Memory.Reclaim();
        Assert.Equal(0, d.Gpu.VideoMemory.AllocatedPages);
    }

    /// <summary>Bind and touch home with every single allocation of a frame, and every copy command, failing once.</summary>
    [Fact]
    public void Whatever_fails_nothing_leaks_and_no_byte_is_lost()
    {
        for (int fails = 1; fails <= 12; fails++)
        {
            using var d = new VideoFixture();
            d.Map(0, 6, written: 4);
            d.Gpu.CopyEngine.FailAfter(fails);
            d.Bind(0, 6);
            d.FailAllocations(fails);
            for (int page = 0; page < 6; page++)
            {
                try
                {
                    d.Read(page);
                }
                catch (SvmException error)
                {
                    Assert.Contains(error.Error, (Errno[])[Errno.ENOMEM, Errno.EIO]);
                }
            }

            d.FailAllocations(0);
            Assert.Equal([1L, 2, 3, 4, 0, 0], Enumerable.Range(0, 6).Select(d.Read));
        }
    }

    /// <summary>Faults of a load and a store to each of some pages that the CPU may write: ranges are got for reading, and once more for writing.</summary>
    private static long FaultsOfAdd(string strategy, int pages) => strategy == "sized-ranges" ? 2 * pages : pages;

    private static SvmDriverOptions OptionsOf(string strategy) =>
        new() { Strategy = MirrorStrategies.All.Single(one => one.Key == strategy).Value };
}
