using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>The driver moves pages of a client: what is dropped, when, and for whom.</summary>
public sealed class MigrationTests
{
    [Fact]
    public void Pages_move_and_the_GPU_finds_their_new_frames_when_it_faults_again()
    {
        using var d = new DriverFixture();
        VirtualAddress a = MapStored(d, 3);
        FrameNumber[] before = Frames(d, a, 3);

        Assert.Equal(new MigrationResult(3, Errno.None), d.Driver.Migrate(d.Client, Pages(a, 3)));

        Assert.Empty(before.Intersect(Frames(d, a, 3)));
        Assert.Equal(3, d.Frames.AllocatedFrames);
        Assert.Equal((0L, 0L), (d.Driver.MappedPages, d.Gpu.Dma.MappedPages));
        Assert.Equal([1UL, 2UL, 3UL], Enumerable.Range(0, 3).Select(i => d.Cpu.Thread(0).Load<ulong>(a + ((ulong)i * Page.Size))));
        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, 4L), (d.Driver.MappedPages, d.Driver.Counters.PagesMapped));
    }

    [Fact]
    public void The_own_event_is_skipped_and_the_own_entries_are_dropped_once_when_pages_are_isolated()
    {
        using var d = new DriverFixture();
        VirtualAddress a = MapStored(d, 2);
        d.Gpu.Journal.Clear();

        d.Driver.Migrate(d.Client, Pages(a, 2));

        Assert.Equal(1, d.Driver.Invalidations);
        Assert.Single(d.Gpu.Journal, line => line.StartsWith("invalidate", StringComparison.Ordinal));
    }

    [Fact]
    public void The_mirror_of_another_GPU_hears_of_the_move()
    {
        using var d = new DriverFixture();
        VirtualAddress a = MapStored(d, 1);
        var gpu = new ScriptedGpu();
        using var other = new SvmDriver(gpu, new SvmDriverOptions { Servicing = FaultServicing.InInterrupt });
        Assert.Equal(Errno.None, other.TryOpen(d.Mm, out SvmClient? client));
        gpu.Fault(other.Join(client!).Instance, a, FaultAccess.Write);
        other.ServiceFaults();
        Assert.Equal(1, other.MappedPages);

        Assert.Equal(1, d.Driver.Migrate(d.Client, Pages(a, 1)).Pages);

        Assert.Equal((0L, 1L, 0L), (other.MappedPages, other.Invalidations, gpu.Dma.MappedPages));
    }

    [Fact]
    public void Where_no_page_can_move_nothing_is_dropped()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1);
        d.Fault(a, FaultAccess.Read);
        d.Driver.ServiceFaults();

        Assert.Equal(new MigrationResult(0, Errno.None), d.Driver.Migrate(d.Client, Pages(a, 1)));

        Assert.Equal((1L, 0L), (d.Driver.MappedPages, d.Driver.Invalidations));
    }

    [Fact]
    public void Holes_are_told_and_the_mappings_beside_them_move()
    {
        using var d = new DriverFixture();
        VirtualAddress a = MapStored(d, 4);
        Assert.Equal(Errno.None, d.Mm.Unmap(a + Page.Size, Page.Size));
        Assert.Equal(Errno.None, d.Mm.Protect(a + (3 * Page.Size), Page.Size, Protection.Read));

        Assert.Equal(new MigrationResult(3, Errno.EFAULT), d.Driver.Migrate(d.Client, Pages(a, 4)));
        Assert.Equal(new MigrationResult(0, Errno.EFAULT), d.Driver.Migrate(d.Client, Pages(a + Page.Size, 1)));
        Assert.Equal(new MigrationResult(0, Errno.None), d.Driver.Migrate(d.Client, Pages(a, 0)));
    }

    [Fact]
    public void A_range_of_more_than_one_window_moves_whole()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1100);
        for (ulong i = 0; i < 1100; i++)
        {
            d.Cpu.Thread(0).Store(a + (i * Page.Size), i);
        }

        Assert.Equal(new MigrationResult(1100, Errno.None), d.Driver.Migrate(d.Client, Pages(a, 1100)));

        Assert.All(Enumerable.Range(0, 1100), i => Assert.Equal((ulong)i, d.Cpu.Thread(0).Load<ulong>(a + ((ulong)i * Page.Size))));
        Assert.Equal(1100, d.Frames.AllocatedFrames);
    }

    [Fact]
    public void When_no_frame_is_left_the_rest_stays_and_the_call_says_so()
    {
        using var d = new DriverFixture();
        VirtualAddress a = MapStored(d, 3);
        FrameNumber[] before = Frames(d, a, 3);
        var taken = new List<FrameNumber>();
        while (d.Frames.TryAllocate(out FrameNumber frame) == Errno.None)
        {
            taken.Add(frame);
        }

        d.Frames.Put(taken[0]);

        Assert.Equal(new MigrationResult(1, Errno.ENOMEM), d.Driver.Migrate(d.Client, Pages(a, 3)));

        Assert.Equal([taken[0], before[1], before[2]], Frames(d, a, 3));
        taken.Skip(1).ToList().ForEach(d.Frames.Put);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        using var d = new DriverFixture();
        Assert.Throws<ArgumentException>(() => d.Driver.Migrate(d.Client, new AddressRange(1UL, 4096UL)));
        d.Driver.Close(d.Client);
        Assert.Throws<ObjectDisposedException>(() => d.Driver.Migrate(d.Client, new AddressRange(0UL, 4096UL)));
    }

    /// <summary>Maps pages that the CPU has stored 1, 2, 3… to, and that the GPU may write.</summary>
    private static VirtualAddress MapStored(DriverFixture d, int pages)
    {
        VirtualAddress a = d.Map(pages);
        for (int i = 0; i < pages; i++)
        {
            d.Cpu.Thread(0).Store(a + ((ulong)i * Page.Size), (ulong)i + 1);
            d.Fault(a + ((ulong)i * Page.Size), FaultAccess.Write);
        }

        d.Driver.ServiceFaults();
        Assert.Equal(pages, d.Driver.MappedPages);
        return a;
    }

    private static AddressRange Pages(VirtualAddress address, int pages) => AddressRange.FromLength(address, (ulong)pages * Page.Size);

    private static FrameNumber[] Frames(DriverFixture d, VirtualAddress address, int pages) =>
        [.. Enumerable.Range(0, pages).Select(i => d.Mm.PageTable.Read(address + ((ulong)i * Page.Size)).Frame)];
}
