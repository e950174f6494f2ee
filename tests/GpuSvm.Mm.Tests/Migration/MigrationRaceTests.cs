using static GpuSvm.Mm.Tests.MigrationSteps;

namespace GpuSvm.Mm.Tests;

/// <summary>What others do while a page is being moved, and when the CPU hears of the move.</summary>
public sealed class MigrationRaceTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    public enum Change
    {
        Unmap,
        Replace,
        Discard,
        Exit,
    }

    [Theory]
    [InlineData(Change.Unmap, false)]
    [InlineData(Change.Unmap, true)]
    [InlineData(Change.Replace, false)]
    [InlineData(Change.Replace, true)]
    [InlineData(Change.Discard, false)]
    [InlineData(Change.Discard, true)]
    [InlineData(Change.Exit, false)]
    [InlineData(Change.Exit, true)]
    public void A_page_that_is_taken_away_meanwhile_drops_out_and_both_frames_are_freed(Change change, bool isLate)
    {
        using var m = new TestMachine();
        MigrateVma migration = Begin(m, 1, out _);
        migration.Copy(m.Frames);
        if (isLate)
        {
            Assert.Equal(1, migration.MigratePages());
        }

        Beside(() => Apply(m, change));
        if (!isLate)
        {
            Assert.Equal(0, migration.MigratePages());
        }

        Assert.Equal(0, migration.Complete());
        Assert.False(migration.Source[0].Migrates);
        Assert.Equal(change == Change.Replace ? 1 : 0, m.Frames.AllocatedFrames);
        Assert.Equal(change == Change.Replace ? 99UL : 0UL, m.Mm.VmaCount == 0 ? 0UL : m.Thread.Load<ulong>(Base));
    }

    [Fact]
    public void A_page_that_was_replaced_and_is_being_moved_by_another_is_not_taken_for_the_old_one()
    {
        using var m = new TestMachine();
        var isReplaced = new WakeEvent();
        var isSetUp = new WakeEvent();
        SvmThread first = SvmThread.Start("first", () =>
        {
            MigrateVma migration = Begin(m, 1, out _);
            migration.Copy(m.Frames);
            isSetUp.Set();
            isReplaced.Wait();
            Assert.Equal((0, 0), (migration.MigratePages(), migration.Complete()));
        });
        isSetUp.Wait();
        Apply(m, Change.Replace);
        var second = new MigrateVma(m.Mm, 1);
        Assert.Equal(Errno.None, second.SetUp(m.Mm, Base, 1));
        isReplaced.Set();
        first.Join();

        second.Copy(m.Frames);
        Assert.Equal((1, 1), (second.MigratePages(), second.Complete()));
        Assert.Equal((99UL, 1L), (m.Thread.Load<ulong>(Base), m.Frames.AllocatedFrames));
    }

    [Theory]
    [InlineData(Protection.Read, Protection.Read)]
    [InlineData(Protection.None, Protection.None)]
    public void Rights_that_are_taken_meanwhile_are_not_given_back(Protection protection, Protection rights)
    {
        using var m = new TestMachine();
        MigrateVma migration = Begin(m, 1, out _);
        migration.Copy(m.Frames);

        Beside(() => Assert.Equal(Errno.None, m.Protect(Base, 1, protection)));

        Assert.Equal((1, 1), (migration.MigratePages(), migration.Complete()));
        CpuPte pte = m.Mm.PageTable.Read(Base);
        Assert.Equal((rights, true), (pte.Rights, pte.IsDirty));
        m.Protect(Base, 1, Protection.Read);
        Assert.Equal(42UL, m.Thread.Load<ulong>(Base));
    }

    [Fact]
    public void Rights_that_are_given_back_meanwhile_come_with_the_page()
    {
        using var m = new TestMachine();
        MigrateVma migration = Begin(m, 1, out _);
        migration.Copy(m.Frames);
        Beside(() =>
        {
            m.Protect(Base, 1, Protection.None);
            m.Protect(Base, 1, Protection.ReadWrite);
        });

        Assert.Equal((1, 1), (migration.MigratePages(), migration.Complete()));

        Assert.Equal(Protection.Read, m.Mm.PageTable.Read(Base).Rights);
    }

    [Theory]
    [InlineData(CpuAccess.Read)]
    [InlineData(CpuAccess.Write)]
    public void A_touch_waits_until_the_page_has_moved(CpuAccess access)
    {
        using var m = new TestMachine();
        MigrateVma migration = Begin(m, 1, out _);
        SvmThread toucher = SvmThread.Start("toucher", () =>
        {
            CpuThread thread = m.Cpu.Thread(1);
            Assert.Equal(42UL, access == CpuAccess.Read ? thread.Load<ulong>(Base) : thread.CompareExchange(Base, 42UL, 43UL));
        });
        migration.Copy(m.Frames);
        migration.MigratePages();

        Assert.Equal(1, migration.Complete());
        toucher.Join();

        Assert.Equal(access == CpuAccess.Read ? 42UL : 43UL, m.Thread.Load<ulong>(Base));
    }

    [Fact]
    public void A_touch_and_a_look_up_give_up_at_the_deadline_and_a_look_that_wants_nothing_does_not_wait()
    {
        var clock = new ManualClock();
        using var m = new TestMachine(options: new AddressSpaceOptions { Clock = clock });
        MigrateVma migration = Begin(m, 1, out CpuPte before);
        var notifier = new IntervalNotifier(new RecordingMirror("device"));
        Assert.Equal(Errno.None, m.Mm.Notifiers.Insert(notifier, AddressRange.PageAt(Base)));

        Assert.Equal((Errno.None, default(HmmPfn)), Late(clock, () => Ask(m, notifier, default)));
        Assert.Equal((Errno.EBUSY, default), Late(clock, () => (m.Mm.HandleFault(Base, CpuAccess.Read), default)));
        Assert.Equal(Errno.EBUSY, Late(clock, () => Ask(m, notifier, HmmPfn.RequestFault)).Error);
        Assert.True(m.Mm.PageTable.Read(Base).IsMigration);

        Assert.Equal(0, migration.Complete());
        Assert.Equal((Errno.None, HmmPfn.Of(before.Frame, isWritable: true)), Ask(m, notifier, HmmPfn.RequestFault));
        m.Mm.Notifiers.Remove(notifier);
    }

    [Fact]
    public void The_CPU_stops_storing_before_the_copy_and_forgets_the_frames_before_it_gets_new_ones()
    {
        using var memory = new SystemMemory(64);
        using var frames = new PageFrames(memory, new PageFramesOptions());
        var simulated = new SimulatedCpu(memory, 1);
        var cpu = new RecordingCpu(simulated);
        using var mm = new AddressSpace(frames, cpu, new AddressSpaceOptions());
        mm.Map(Base, 4 * Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        simulated.Thread(0).Store(Base + Size, 1UL);
        simulated.Thread(0).Store(Base + (2 * Size), 2UL);
        var migration = new MigrateVma(mm, 4);
        cpu.Log.Clear();

        Assert.Equal(Errno.None, migration.SetUp(mm, Base, 4));
        Assert.Equal(["isolate [0x11000, 0x13000)"], Heard(cpu));
        migration.Copy(frames);
        Assert.Empty(cpu.Log);
        migration.MigratePages();
        Assert.Equal(["detach [0x11000, 0x13000)"], Heard(cpu));
        Assert.Equal(2, migration.Complete());
        Assert.Equal(["map [0x11000, 0x12000) ReadWrite", "map [0x12000, 0x13000) ReadWrite"], Heard(cpu));
    }

    [Fact]
    public void Mirrors_hear_of_one_invalidation_which_names_the_owner_and_ends_before_the_copy()
    {
        using var m = new TestMachine();
        object owner = new();
        var heard = new OwnerNotifier();
        m.Mm.Notifiers.AddPlain(heard);
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 42UL);
        var migration = new MigrateVma(m.Mm, 1);

        Assert.Equal(Errno.None, migration.SetUp(m.Mm, Base, 1, owner));
        Assert.Equal(0, m.Mm.Notifiers.ActiveInvalidations);
        migration.Copy(m.Frames);
        migration.MigratePages();
        migration.Complete();

        Assert.Equal([new Invalidation(AddressRange.PageAt(Base), InvalidationCause.Migrate, owner)], heard.Log);
        m.Mm.Notifiers.RemovePlain(heard);
    }

    private static MigrateVma Begin(TestMachine m, ulong pages, out CpuPte before)
    {
        m.MapAt(Base, pages);
        m.Thread.Store(Base, 42UL);
        before = m.Mm.PageTable.Read(Base);
        var migration = new MigrateVma(m.Mm, (int)pages);
        Assert.Equal(Errno.None, migration.SetUp(m.Mm, Base, pages));
        Assert.Equal(1, migration.Collected);
        return migration;
    }

    private static void Apply(TestMachine m, Change change)
    {
        switch (change)
        {
            case Change.Unmap:
                Assert.Equal(Errno.None, m.Unmap(Base, 1));
                break;
            case Change.Replace:
                Assert.Equal(Errno.None, m.MapAt(Base, 1));
                m.Cpu.Thread(1).Store(Base, 99UL);
                break;
            case Change.Discard:
                Assert.Equal(Errno.None, m.Mm.Discard(Base, Size));
                break;
            default:
                m.Mm.Exit();
                break;
        }
    }

    /// <summary>Asks on another thread, while the clock runs on.</summary>
    private static (Errno Error, HmmPfn Pfn) Late(ManualClock clock, Func<(Errno Error, HmmPfn Pfn)> ask)
    {
        (Errno, HmmPfn) answer = default;
        bool isDone = false;
        SvmThread thread = SvmThread.Start("late", () =>
        {
            answer = ask();
            Volatile.Write(ref isDone, true);
        });
        var spin = default(Spin);
        while (!Volatile.Read(ref isDone))
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            spin.Once();
        }

        thread.Join();
        return answer;
    }

    private static (Errno Error, HmmPfn Pfn) Ask(TestMachine m, IntervalNotifier notifier, HmmPfn request)
    {
        HmmPfn[] pfns = [default];
        Assert.True(notifier.TryReadBegin(m.Mm.Clock.After(Deadline.Default), out long sequence));
        var range = new HmmRange
        {
            Notifier = notifier,
            Sequence = sequence,
            Range = AddressRange.PageAt(Base),
            DefaultFlags = request,
            Pfns = pfns,
        };
        using (m.Mm.MmapLock.EnterShared())
        {
            Errno error = HmmRangeFault.Fault(m.Mm, ref range);
            return (error, pfns[0]);
        }
    }

    private static string[] Heard(RecordingCpu cpu)
    {
        string[] log = [.. cpu.Log];
        cpu.Log.Clear();
        return log;
    }
}
