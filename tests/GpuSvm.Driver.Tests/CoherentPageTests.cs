using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>A GPU whose memory the CPU reaches: both use a page where it lies.</summary>
public sealed class CoherentPageTests
{
    public static TheoryData<string> Strategies => [.. MirrorStrategies.All.Select(strategy => strategy.Key)];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void CPU_and_GPU_use_the_same_bytes_and_no_page_moves_by_touch(string strategy)
    {
        using VideoFixture d = Make(strategy);
        d.Map(0, 8, written: 6);
        Assert.Equal(new BindResult(8, 8, Errno.None), d.Bind(0, 8));
        Assert.Equal(("CCCCCCCC", 0L, 8L), (d.Where(0, 8), d.Frames.AllocatedFrames, d.Gpu.VideoMemory.AllocatedPages));
        d.Add(0, 8, atomically: true).ThrowIfFailed();
        Assert.Equal((0L, 0L), (d.Gpu.Counters.FaultsReported, d.Gpu.DmaMapper.MappedPages));
        Assert.Equal([101L, 102, 103, 104, 105, 106, 100, 100], Enumerable.Range(0, 8).Select(d.Read));

        d.Cpu.Thread(0).Store(VideoFixture.At(3), 1000L);
        d.Add(0, 8, atomically: false).ThrowIfFailed();
        Assert.Equal((1100L, 0L), (d.Read(3), d.Gpu.Counters.FaultsReported));
        Assert.Equal(("CCCCCCCC", 0L), (d.Where(0, 8), d.Gpu.CopyEngine.Counters.BytesToSystem));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void A_fault_maps_the_page_where_it_is_with_atomics_and_nothing_for_DMA(string strategy)
    {
        using VideoFixture d = Make(strategy);
        d.Map(0, 2);
        d.Bind(0, 2);
        d.Client.Mirror.DropAll();
        d.Add(0, 2, atomically: true).ThrowIfFailed();
        Assert.Equal(("CC", 2L, 0L), (d.Where(0, 2), d.Driver.Counters.Fetched, d.Driver.Counters.ExclusivePages));
        Assert.Equal((2L, 0L), (d.Driver.MappedPages, d.Gpu.DmaMapper.MappedPages));
        Assert.Equal((101L, 102L), (d.Read(0), d.Read(1)));
    }

    [Fact]
    public void A_shared_page_is_read_where_it_is_and_a_store_makes_one_at_home()
    {
        using VideoFixture d = Make();
        d.Map(0, 2);
        d.Bind(0, 2);
        SvmClient child = d.Fork(out CpuThread cpu);
        d.Add(0, 1, atomically: false).ThrowIfFailed();
        d.Add(child, 1, 1, atomically: false).ThrowIfFailed();
        Assert.Equal(("SC", "CS"), (d.Where(0, 2), VideoFixture.Where(child.Mm, 0, 2)));
        Assert.Equal((101L, 2L), (d.Read(0), d.Read(1)));
        Assert.Equal((1L, 102L), (cpu.Load<long>(VideoFixture.At(0)), cpu.Load<long>(VideoFixture.At(1))));
    }

    [Fact]
    public void Pages_go_home_when_asked_when_they_are_evicted_and_when_the_driver_sleeps()
    {
        using VideoFixture d = Make();
        d.Map(0, 4);
        d.Bind(0, 4);
        Assert.Equal(new DeviceMigrationResult(1, Errno.None), d.Memory.MigrateToSystem(d.Mm, VideoFixture.Pages(1, 1)));
        Assert.Equal(("CSCC", 3L), (d.Where(0, 4), d.Driver.MappedPages));
        d.Driver.Suspend();
        Assert.Equal(("SSSS", 0L), (d.Where(0, 4), d.Memory.UsedPages));
        d.Driver.Resume();
        d.Add(0, 4, atomically: false).ThrowIfFailed();
        Assert.Equal([101L, 102, 103, 104], Enumerable.Range(0, 4).Select(d.Read));
    }

    [Fact]
    public void Unmapping_frees_the_pages_of_the_GPU()
    {
        using VideoFixture d = Make();
        d.Map(0, 4);
        d.Bind(0, 4);
        Assert.Equal(Errno.None, d.Mm.Unmap(VideoFixture.At(0), 3 * Page.Size));
        d.Memory.Reclaim();
        Assert.Equal((1L, 1L, 1L), (d.Memory.UsedPages, d.Driver.MappedPages, d.Gpu.VideoMemory.AllocatedPages));
    }

    [Fact]
    public void A_GPU_whose_memory_the_CPU_does_not_reach_is_refused()
    {
        using var memory = new SystemMemory(1024);
        using var frames = new PageFrames(memory, new PageFramesOptions());
        using var gpu = new SoftwareGpu(memory, new SoftwareGpuOptions { VideoMemory = ByteSize.MiB(1) });
        var options = new SvmDriverOptions { DevicePages = new DevicePagesOptions(frames) { Kind = DevicePageKind.Coherent } };
        Assert.Throws<ArgumentException>(() => new SvmDriver(gpu, options));
    }

    [Fact]
    public void Frames_that_are_handed_out_to_others_are_not_taken()
    {
        using var memory = new SystemMemory(1024);
        using var frames = new PageFrames(memory, new PageFramesOptions());
        using var gpu = new SoftwareGpu(memory, new SoftwareGpuOptions { VideoMemory = ByteSize.MiB(1), CoherentAt = new FrameNumber(512) });
        var options = new SvmDriverOptions { DevicePages = new DevicePagesOptions(frames) { Kind = DevicePageKind.Coherent } };
        Assert.Equal(Errno.EBUSY, Assert.Throws<SvmException>(() => new SvmDriver(gpu, options)).Error);
    }

    private static VideoFixture Make(string? strategy = null) => new(
        strategy is null ? null : new SvmDriverOptions { Strategy = MirrorStrategies.All.First(known => known.Key == strategy).Value },
        kind: DevicePageKind.Coherent);
}
