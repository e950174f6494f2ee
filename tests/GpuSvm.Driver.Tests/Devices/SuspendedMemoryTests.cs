using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>What becomes of pages in the GPU's own memory while their driver is suspended.</summary>
public sealed class SuspendedMemoryTests
{
    [Theory]
    [InlineData("per-fault")]
    [InlineData("vma-sized")]
    [InlineData("table-aligned")]
    public void Pages_are_at_home_while_the_driver_sleeps_and_kernels_go_on_after_it(string strategy)
    {
        using var d = new VideoFixture(new SvmDriverOptions { Strategy = MirrorStrategies.All.Single(one => one.Key == strategy).Value });
        d.Map(0, 8);
        Assert.Equal(8, d.Bind(0, 8).Pages);
        d.Add(0, 8, atomically: true).ThrowIfFailed();

        d.Driver.Suspend();
        d.Gpu.CopyEngine.Halt();

        Assert.Equal(("SSSSSSSS", 0L, 8L), (d.Where(0, 8), d.Memory.UsedPages, d.Memory.Counters.PagesEvicted));
        Assert.Equal([101L, 102, 103, 104, 105, 106, 107, 108], Enumerable.Range(0, 8).Select(d.Read));
        Assert.Equal((0L, 0L, 0L), (d.Memory.Counters.CpuFaults, d.Driver.MappedPages, d.Gpu.VideoMemory.AllocatedPages));

        d.Gpu.CopyEngine.Resume();
        d.Driver.Resume();
        d.Add(0, 8, atomically: false).ThrowIfFailed();
        Assert.Equal((8L, 201L, 208L), (d.Driver.Counters.PagesMapped, d.Read(0), d.Read(7)));
        Assert.Equal(8, d.Bind(0, 8).Pages);
    }

    [Fact]
    public void A_page_that_somebody_holds_stays_and_goes_home_by_touch()
    {
        using var d = new VideoFixture(new SvmDriverOptions { Timeout = TimeSpan.Zero });
        d.Map(0, 4);
        d.Bind(0, 4);
        FrameNumber held = Enumerable.Range(0, (int)d.Memory.Pagemap.PageCount)
            .Select(page => d.Memory.Pagemap.FirstFrame + (ulong)page)
            .Where(frame => d.Frames.ReferenceCount(frame) > 0).ElementAt(2);
        d.Frames.Get(held);

        d.Driver.Suspend();

        Assert.Equal(("SSVS", 1L), (d.Where(0, 4), d.Memory.UsedPages));
        d.Frames.Put(held);
        Assert.Equal([1L, 2, 3, 4], Enumerable.Range(0, 4).Select(d.Read));
        Assert.Equal(("SSSS", 1L), (d.Where(0, 4), d.Memory.Counters.CpuFaults));
    }

    [Fact]
    public void A_copy_engine_that_does_not_answer_is_asked_once()
    {
        using var d = new VideoFixture(copyTimeout: TimeSpan.Zero);
        d.Map(0, 8);
        Assert.Equal((4, 4), (d.Bind(0, 4).Pages, d.Bind(4, 4).Pages));
        d.Gpu.CopyEngine.Halt();

        d.Driver.Suspend();

        Assert.Equal(("VVVVVVVV", 1L, 8L), (d.Where(0, 8), d.Memory.Counters.FailedMoves, d.Memory.UsedPages));
        d.Gpu.CopyEngine.Resume();
        d.Driver.Resume();
        d.Add(0, 8, atomically: true).ThrowIfFailed();
        Assert.Equal(108, d.Read(7));
    }
}
