namespace GpuSvm.Gpu.Tests;

/// <summary>The GPU counts accesses that miss an SM's own TLB, and tells the driver.</summary>
public sealed class AccessCounterTests
{
    private const TranslationRights All = TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic;
    private const int Pages = 32;

    [Fact]
    public void A_counter_that_reaches_its_threshold_tells_the_stretch_of_video_memory_and_its_parts()
    {
        using TestRig rig = Rig(new AccessCounterOptions { Threshold = Pages });
        ulong first = MapVideo(rig);
        rig.Launch(Kernels.LoadPages, 1, Pages, TestRig.Base).ThrowIfFailed();
        ulong stretch = first / 512 * 512;
        uint parts = 3u << (int)((first - stretch) / 16);
        IAccessCounterBuffer buffer = rig.Gpu.AccessCounters!;
        Assert.Equal((0, 1, 0L), (buffer.Get, buffer.Put, buffer.Dropped));
        Assert.Equal(new AccessNotification(TestRig.Channel, true, stretch << Page.Shift, parts, Pages), buffer.Read(0));
        End(rig, first);
    }

    [Fact]
    public void Accesses_that_the_TLB_translates_pass_no_counter()
    {
        using TestRig rig = Rig(new AccessCounterOptions { Threshold = 1 });
        ulong first = MapVideo(rig);
        rig.Launch(Kernels.LoadPages, 1, Pages, TestRig.Base).ThrowIfFailed();
        Assert.Equal(Pages, rig.Gpu.AccessCounters!.Put);
        rig.Launch(Kernels.LoadPages, 1, Pages, TestRig.Base).ThrowIfFailed();
        Assert.Equal((Pages, (long)Pages), (rig.Gpu.AccessCounters!.Put, rig.Gpu.Counters.TlbMisses));
        End(rig, first);
    }

    [Fact]
    public void Memory_elsewhere_is_told_by_its_virtual_address()
    {
        using TestRig rig = Rig(new AccessCounterOptions { Threshold = 16, Granularity = ByteSize.KiB(64) });
        rig.Map(Pages);
        rig.Launch(Kernels.LoadPages, 1, Pages, TestRig.Base).ThrowIfFailed();
        IAccessCounterBuffer buffer = rig.Gpu.AccessCounters!;
        Assert.Equal(2, buffer.Put);
        Assert.Equal(
            [new(TestRig.Channel, false, TestRig.Base, 1, 16), new AccessNotification(TestRig.Channel, false, TestRig.Base + 0x1_0000, 1, 16)],
            new[] { buffer.Read(0), buffer.Read(1) }.OrderBy(entry => entry.Address));
    }

    [Fact]
    public void Parts_of_a_large_stretch_are_its_thirty_seconds()
    {
        using TestRig rig = Rig(new AccessCounterOptions { Threshold = 1, Granularity = ByteSize.MiB(16) });
        rig.Map(512);
        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base + 0x18_0000).ThrowIfFailed();
        Assert.Equal(new AccessNotification(TestRig.Channel, false, TestRig.Base, 1u << 3, 1), rig.Gpu.AccessCounters!.Read(0));
    }

    [Fact]
    public void What_meets_a_full_ring_is_dropped_and_counted_and_a_place_that_is_given_back_is_used()
    {
        using TestRig rig = Rig(new AccessCounterOptions { Threshold = 1, Entries = 4 });
        rig.Map(Pages);
        rig.Launch(Kernels.LoadPages, 1, 8, TestRig.Base).ThrowIfFailed();
        IAccessCounterBuffer buffer = rig.Gpu.AccessCounters!;
        Assert.Equal((0, 3, 5L), (buffer.Get, buffer.Put, buffer.Dropped));
        buffer.WriteGet(2);
        rig.Launch(Kernels.LoadPages, 1, 2, TestRig.Base + (16 * Page.Size)).ThrowIfFailed();
        Assert.Equal((2, 1, 5L), (buffer.Get, buffer.Put, buffer.Dropped));
        buffer.WriteGet(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.WriteGet(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.WriteGet(4));
    }

    [Fact]
    public void Clearing_has_every_counter_begin_anew()
    {
        using TestRig rig = Rig(new AccessCounterOptions { Threshold = 16 });
        rig.Map(Pages);
        rig.Launch(Kernels.LoadPages, 1, 10, TestRig.Base).ThrowIfFailed();
        rig.Gpu.AccessCounters!.Clear();
        rig.Launch(Kernels.LoadPages, 1, 10, TestRig.Base + (10 * Page.Size)).ThrowIfFailed();
        Assert.Equal(0, rig.Gpu.AccessCounters!.Put);
        rig.Launch(Kernels.LoadPages, 1, 6, TestRig.Base + (20 * Page.Size)).ThrowIfFailed();
        Assert.Equal(1, rig.Gpu.AccessCounters!.Put);
    }

    [Fact]
    public void The_interrupt_comes_when_the_ring_is_half_full()
    {
        using TestRig rig = Rig(new AccessCounterOptions { Threshold = 1, Entries = 8 });
        rig.Map(Pages);
        List<int> put = [];
        rig.Gpu.AccessCounters!.SetInterrupt(() => put.Add(rig.Gpu.AccessCounters!.Put));
        rig.Launch(Kernels.LoadPages, 1, 6, TestRig.Base).ThrowIfFailed();
        Assert.Equal([4], put);
    }

    [Fact]
    public void Without_counters_there_is_no_ring()
    {
        using var rig = new TestRig();
        Assert.Null(rig.Gpu.AccessCounters);
    }

    [Theory]
    [InlineData(32, 1, 2)]
    [InlineData(96, 1, 2)]
    [InlineData(32768, 1, 2)]
    [InlineData(64, 0, 2)]
    [InlineData(64, 65536, 2)]
    [InlineData(64, 1, 1)]
    [InlineData(64, 1, (1 << 20) + 1)]
    public void Options_out_of_range_are_refused(int kibibytes, int threshold, int entries)
    {
        var counters = new AccessCounterOptions { Granularity = ByteSize.KiB((ulong)kibibytes), Threshold = threshold, Entries = entries };
        using var memory = new SystemMemory(16);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SoftwareGpu(memory, new SoftwareGpuOptions { AccessCounters = counters }));
    }

    private static TestRig Rig(AccessCounterOptions counters) => new(new SoftwareGpuOptions { Sms = 1, AccessCounters = counters });

    private static ulong MapVideo(TestRig rig)
    {
        Assert.Equal(Errno.None, rig.Gpu.VideoMemory.TryAllocatePages(5, out ulong first));
        PfnEntry[] pfns = [.. Enumerable.Range(0, Pages).Select(i => PfnEntry.VideoMemory((first + (ulong)i) << Page.Shift, All))];
        Assert.Equal(Errno.None, rig.Space.PfnMap(Page.Shift, TestRig.Base, pfns));
        return first;
    }

    private static void End(TestRig rig, ulong first)
    {
        rig.Unmap(0, Pages);
        rig.Gpu.VideoMemory.FreePages(first, 5);
    }
}
