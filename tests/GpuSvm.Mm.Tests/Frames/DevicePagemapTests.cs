namespace GpuSvm.Mm.Tests;

/// <summary>Frames of devices beside those of the system's memory.</summary>
public sealed class DevicePagemapTests
{
    [Fact]
    public void Who_waits_for_a_page_of_a_device_that_has_gone_goes_on_at_once()
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames);
        m.MapAt(0x10000, 1);
        m.Thread.Store(0x10000, 42UL);
        Assert.Equal((Errno.None, 1), device.MoveIn(m.Mm, 0x10000, 1));
        FrameNumber away = m.Mm.PageTable.Read(0x10000).Frame;
        Assert.Equal(42UL, m.Thread.Load<ulong>(0x10000));

        m.Frames.RemoveDevice(device.Pagemap);

        m.Frames.AwaitUnlock(away, new ManualClock().After(TimeSpan.MaxValue));
        Assert.Null(m.Frames.PagemapOf(away));
        Assert.Throws<ArgumentOutOfRangeException>(() => m.Frames.ReferenceCount(away));
    }

    [Fact]
    public void A_device_goes_while_the_CPU_waits_for_a_page_that_comes_home_from_it()
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames);
        m.MapAt(0x10000, 1);
        m.Thread.Store(0x10000, 42UL);
        Assert.Equal((Errno.None, 1), device.MoveIn(m.Mm, 0x10000, 1));
        var migration = new MigrateFrames(m.Frames, 1);
        Assert.Equal(1, migration.Setup(m.Mm.PageTable.Read(0x10000).Frame, 1));
        ulong found = 0;
        SvmThread toucher = SvmThread.Start("toucher", () => found = m.Thread.Load<ulong>(0x10000));
        device.Empty(migration.Source, migration.Destination);

        Assert.Equal((1, 1), (migration.MigratePages(), migration.Complete()));
        m.Frames.RemoveDevice(device.Pagemap);
        toucher.Join();

        Assert.Equal((42UL, 1L, 0), (found, m.Frames.AllocatedFrames, device.Faults.Count));
    }

    private const ulong SystemFrames = 64;

    [Fact]
    public void Private_frames_of_each_device_have_numbers_of_their_own_beyond_the_memory()
    {
        using var memory = new SystemMemory(SystemFrames);
        using var frames = new PageFrames(memory, new PageFramesOptions());
        DevicePagemap one = Add(frames, DevicePageKind.Private, 4);
        DevicePagemap two = Add(frames, DevicePageKind.Private, 4);

        Assert.Equal((1UL << 32, 2UL << 32), (one.FirstFrame.Value, two.FirstFrame.Value));
        Assert.Equal((null, one, two), (frames.PagemapOf(frames.ZeroFrame), frames.PagemapOf(one.FirstFrame + 3), frames.PagemapOf(two.FirstFrame)));
        Assert.Null(frames.PagemapOf(one.FirstFrame + 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => frames.ReferenceCount(one.FirstFrame + 4));
        frames.RemoveDevice(one);
        Assert.Null(frames.PagemapOf(one.FirstFrame));
        Assert.Equal(one.FirstFrame, Add(frames, DevicePageKind.Private, 1).FirstFrame);
    }

    [Fact]
    public void Coherent_frames_are_a_run_of_the_memory_that_comes_back()
    {
        using var memory = new SystemMemory(SystemFrames);
        using var frames = new PageFrames(memory, new PageFramesOptions { PooledFrames = 60 });
        DevicePagemap device = Add(frames, DevicePageKind.Coherent, 4);

        Assert.Equal((60UL, device, null), (device.FirstFrame.Value, frames.PagemapOf(new FrameNumber(63)), frames.PagemapOf(new FrameNumber(59))));
        Assert.Equal(Errno.ENOMEM, frames.TryAddDevice(DevicePageKind.Coherent, 1, new Recorder(), this, out _));
        frames.RemoveDevice(device);
        Assert.Equal(60UL, Add(frames, DevicePageKind.Coherent, 4).FirstFrame.Value);
    }

    [Theory]
    [InlineData(DevicePageKind.Private)]
    [InlineData(DevicePageKind.Coherent)]
    public void A_frame_in_use_is_locked_counted_and_told_of_when_its_last_reference_goes(DevicePageKind kind)
    {
        using var memory = new SystemMemory(SystemFrames);
        using var frames = new PageFrames(memory, new PageFramesOptions { PooledFrames = 60 });
        var told = new Recorder();
        Assert.Equal(Errno.None, frames.TryAddDevice(kind, 4, told, this, out DevicePagemap? device));
        FrameNumber frame = device!.FirstFrame + 2;

        Assert.Equal(frame, device.Begin(frame, 0xabcd).Frame);

        Assert.Equal((1, 0, true, 0xabcdUL, 1L, 0L), (
            frames.ReferenceCount(frame), frames.MapCount(frame), frames.IsLocked(frame), device.DataOf(frame), device.UsedFrames,
            frames.AllocatedFrames));
        Assert.Throws<ArgumentException>(() => device.Begin(frame));
        Assert.Throws<InvalidOperationException>(() => frames.RemoveDevice(device));
        frames.UnlockMigrated(frame);
        frames.Get(frame);
        frames.Put(frame);
        Assert.Empty(told.Frames);
        frames.Put(frame);
        Assert.Equal([(frame, 1)], told.Frames);
        Assert.Equal((0L, 0L), (device.UsedFrames, frames.AllocatedFrames));
        frames.RemoveDevice(device);
    }

    [Fact]
    public void Only_free_frames_of_the_device_begin()
    {
        using var memory = new SystemMemory(SystemFrames);
        using var frames = new PageFrames(memory, new PageFramesOptions());
        DevicePagemap device = Add(frames, DevicePageKind.Private, 4);

        Assert.Throws<ArgumentException>(() => device.Begin(device.FirstFrame + 4));
        Assert.Throws<ArgumentException>(() => device.Begin(new FrameNumber(3)));
    }

    private static DevicePagemap Add(PageFrames frames, DevicePageKind kind, ulong pages)
    {
        Assert.Equal(Errno.None, frames.TryAddDevice(kind, pages, new Recorder(), frames, out DevicePagemap? pagemap));
        return pagemap!;
    }

    private sealed class Recorder : IDevicePagemapOwner
    {
        public List<(FrameNumber Frame, int Pages)> Frames { get; } = [];

        public Errno MigrateToRam(in DeviceFault fault) => Errno.EFAULT;

        public void Freed(FrameNumber frame, int pages) => Frames.Add((frame, pages));
    }
}
