namespace GpuSvm.Mm.Tests;

public sealed class OomReaperTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Fact]
    public void It_takes_the_private_pages_and_leaves_shared_ones()
    {
        using var m = new TestMachine(limit: 4);
        m.MapAt(Base, 3);
        m.Mm.MapShared(0x20000, Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        m.Thread.Store(Base, 1);
        m.Thread.Store(Base + Size, 2);
        m.Thread.Load<int>(Base + (2 * Size));
        m.Thread.Store(0x20000, 3);
        Assert.Equal(Errno.None, OomReaper.TryReap(m.Mm, out ReapReport report));
        Assert.Equal(new ReapReport(1, 0, 2), report);
        Assert.Equal((1L, 2), (m.Frames.AllocatedFrames, m.Mm.VmaCount));
        Assert.Equal(3, m.Thread.Load<int>(0x20000));
        Assert.Equal(Errno.None, OomReaper.TryReap(m.Mm, out report));
        Assert.Equal(new ReapReport(1, 0, 0), report);
    }

    [Fact]
    public void Private_memory_of_the_victim_faults_from_then_on()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        m.Thread.Store(Base, 1);
        OomReaper.TryReap(m.Mm, out _);
        Assert.Throws<SegmentationFaultException>(() => m.Thread.Load<int>(Base));
        Assert.Throws<SegmentationFaultException>(() => m.Thread.Store(Base + Size, 1));
        Assert.Equal(0, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void What_was_taken_does_not_come_back_empty_by_a_collapse_or_in_a_child()
    {
        using var m = new TestMachine();
        m.MapAt(HugePage.Size, HugePage.PageCount);
        m.Thread.Store(HugePage.Size, 1);
        var busy = new RecordingMirror("busy") { Refuses = true };
        var notifier = new IntervalNotifier(busy);
        Assert.Equal(Errno.None, m.Mm.Notifiers.Insert(notifier, AddressRange.PageAt(HugePage.Size)));
        OomReaper.TryReap(m.Mm, out ReapReport report);
        Assert.Equal(1, report.SkippedMappings);
        m.Mm.Notifiers.Remove(notifier);

        Assert.Equal(Errno.EINVAL, m.Mm.Advise(HugePage.Size, HugePage.Size, Advice.Collapse));
        Assert.Equal(Errno.ENOMEM, m.Mm.TryFork(new SimulatedCpu(m.Memory, 1), null, out AddressSpace? child));

        Assert.Null(child);
        Assert.Equal((1, 1L), (m.Thread.Load<int>(HugePage.Size), m.Frames.AllocatedFrames));
        Assert.Throws<SegmentationFaultException>(() => m.Thread.Load<int>(HugePage.Size + Size));
    }

    [Fact]
    public void A_migration_fills_no_page_of_the_victim_that_is_not_there()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 1);
        OomReaper.TryReap(m.Mm, out _);
        var migration = new MigrateVma(m.Mm, 1);
        using (m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, migration.Setup(AddressRange.PageAt(Base), null));
        }

        Assert.Equal(Errno.None, m.Frames.TryAllocate(out FrameNumber frame));
        migration.Destination[0] = MigratePfn.Of(frame);
        Assert.Equal((1, 0, 0), (migration.Collected, migration.MigratePages(), migration.Complete()));
        Assert.True(m.Mm.PageTable.Read(Base).IsNone);
        Assert.Equal(0, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void It_skips_a_mapping_whose_mirror_would_have_to_wait_and_takes_it_later()
    {
        using var m = new TestMachine();
        var mirror = new RecordingMirror("mirror") { Refuses = true };
        var log = new RecordingPlainNotifier("plain", []);
        m.MapAt(Base, 1);
        m.MapAt(0x20000, 2);
        m.Thread.Store(Base, 1);
        m.Thread.Store(0x20000, 2);
        m.Thread.Store(0x20000 + Size, 3);
        var notifier = new IntervalNotifier(mirror);
        m.Mm.Notifiers.Insert(notifier, AddressRange.PageAt(Base));
        m.Mm.Notifiers.AddPlain(log);
        Assert.Equal(Errno.None, OomReaper.TryReap(m.Mm, out ReapReport report));
        Assert.Equal(new ReapReport(1, 1, 2), report);
        Assert.Equal(["plain start [0x20000, 0x22000) Clear", "plain end [0x20000, 0x22000) Clear"], log.Log);
        Assert.Equal((1L, 1), (m.Frames.AllocatedFrames, m.Thread.Load<int>(Base)));
        mirror.Refuses = false;
        OomReaper.TryReap(m.Mm, out report);
        Assert.Equal((new ReapReport(2, 0, 1), 0L), (report, m.Frames.AllocatedFrames));
        m.Mm.Notifiers.Remove(notifier);
        m.Mm.Notifiers.RemovePlain(log);
    }

    [Fact]
    public void It_waits_for_no_update_lock()
    {
        using var m = new TestMachine();
        var mirror = new RecordingMirror("mirror");
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 1);
        var notifier = new IntervalNotifier(mirror);
        m.Mm.Notifiers.Insert(notifier, AddressRange.PageAt(Base));
        ReapReport report = default;
        using (mirror.UpdateLock.Enter())
        {
            MigrationSteps.Beside(() => OomReaper.TryReap(m.Mm, out report));
        }

        Assert.Equal((new ReapReport(0, 1, 0), 1), (report, m.Thread.Load<int>(Base)));
        m.Mm.Notifiers.Remove(notifier);
    }

    [Fact]
    public void It_does_nothing_while_the_mappings_change()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 1);
        using (m.Mm.MmapLock.EnterExclusive())
        {
            MigrationSteps.Beside(() => Assert.Equal(Errno.EAGAIN, OomReaper.TryReap(m.Mm, out _)));
        }

        m.Thread.Store(Base, 2);
        Assert.Equal(1, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void Frames_that_a_child_shares_are_freed_with_the_child()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        m.Thread.Store(Base, 1);
        TestProcess child = m.Fork();
        OomReaper.TryReap(child.Mm!, out ReapReport report);
        Assert.Equal((new ReapReport(1, 0, 1), 1L, 1), (report, m.Frames.AllocatedFrames, m.Thread.Load<int>(Base)));
        OomReaper.TryReap(m.Mm, out _);
        Assert.Equal(0, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void Threads_that_still_run_read_what_they_wrote_or_fault()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 64);
        SvmThread writer = SvmThread.Start("writer", () =>
        {
            try
            {
                for (ulong i = 0; ; i++)
                {
                    ulong address = Base + (i % 64 * Size);
                    m.Thread.Store(address, i);
                    Assert.Equal(i, m.Thread.Load<ulong>(address));
                }
            }
            catch (SegmentationFaultException)
            {
            }
        });
        var spin = default(Spin);
        while (m.Frames.AllocatedFrames < 32)
        {
            spin.Once();
        }

        Assert.Equal(Errno.None, OomReaper.TryReap(m.Mm, out ReapReport report));
        writer.Join();
        Assert.InRange(report.TakenPages, 32, 64);
        OomReaper.TryReap(m.Mm, out _);
        Assert.Equal(0, m.Frames.AllocatedFrames);
    }
}
