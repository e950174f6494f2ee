using static GpuSvm.Mm.Tests.MigrationSteps;

namespace GpuSvm.Mm.Tests;

/// <summary>Which pages a migration moves, and what is left of those that it does not.</summary>
public sealed class MigrateVmaTests
{
    private const ulong Base = 0x1fe000;
    private const ulong Size = TestMachine.PageSize;

    [Fact]
    public void Pages_on_both_sides_of_a_table_move_to_the_frames_that_they_are_given_with_bytes_rights_and_marks()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 4);
        CpuPte[] before = Store(m, 4);
        var migration = new MigrateVma(m.Mm, 8);

        Assert.Equal(Errno.None, migration.SetUp(m.Mm, Base, 4));
        Assert.Equal(4, migration.Collected);
        Assert.Equal(before.Select(pte => new MigratePfn((pte.Frame.Value << 6) | 0b1011)), migration.Source.ToArray());
        migration.Copy(m.Frames);
        Assert.Equal(4, migration.MigratePages());
        Assert.Equal(4, migration.Complete());

        for (int i = 0; i < 4; i++)
        {
            CpuPte after = m.Mm.PageTable.Read(Base + ((ulong)i * Size));
            Assert.Equal(before[i].ToMigration().FromMigration(migration.Destination[i].Frame), after);
            Assert.NotEqual(before[i].Frame, after.Frame);
            Assert.Equal((0, 0), (m.Frames.ReferenceCount(before[i].Frame), m.Frames.MapCount(before[i].Frame)));
            Assert.Equal((1, 1, false), (m.Frames.ReferenceCount(after.Frame), m.Frames.MapCount(after.Frame), m.Frames.IsLocked(after.Frame)));
            Assert.Equal((ulong)i + 1, m.Thread.Load<ulong>(Base + ((ulong)i * Size)));
        }

        Assert.Equal(4, m.Frames.AllocatedFrames);
        Assert.Equal(0, HeldLocks.Count);
    }

    [Theory]
    [InlineData(Protection.Read)]
    [InlineData(Protection.None)]
    public void A_page_keeps_the_rights_that_it_has(Protection protection)
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        CpuPte before = Store(m, 1)[0];
        m.Protect(Base, 1, protection);

        Assert.Equal((Errno.None, 1), m.Migrate(Base, 1));

        CpuPte after = m.Mm.PageTable.Read(Base);
        Assert.Equal((protection, true, true), (after.Rights, after.IsDirty, after.HasFrame));
        Assert.NotEqual(before.Frame, after.Frame);
        m.Protect(Base, 1, Protection.Read);
        Assert.Equal(1UL, m.Thread.Load<ulong>(Base));
    }

    [Fact]
    public void What_is_locked_or_pinned_or_gets_no_frame_drops_out_and_the_others_move()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 5);
        CpuPte[] before = Store(m, 3);
        Assert.Equal(0UL, m.Thread.Load<ulong>(Base + (3 * Size)));
        m.Frames.Lock(before[0].Frame);
        m.Frames.Get(before[1].Frame);
        var migration = new MigrateVma(m.Mm, 5);

        Beside(() =>
        {
            Assert.Equal(Errno.None, migration.SetUp(m.Mm, Base, 5));
            Assert.Equal(3, migration.Collected);
            migration.Copy(m.Frames);
            Assert.Equal((1, 1), (migration.MigratePages(), migration.Complete()));
        });
        var moved = new MigratePfn((before[2].Frame.Value << 6) | 0b1011);
        Assert.Equal<IEnumerable<MigratePfn>>([default, default, moved, default, default], migration.Source.ToArray());
        m.Frames.Unlock(before[0].Frame);
        m.Frames.Put(before[1].Frame);

        Assert.Equal<IEnumerable<CpuPte>>(before[..2], [m.Mm.PageTable.Read(Base), m.Mm.PageTable.Read(Base + Size)]);
        Assert.Equal(m.Frames.ZeroFrame, m.Mm.PageTable.Read(Base + (3 * Size)).Frame);
        Assert.True(m.Mm.PageTable.Read(Base + (4 * Size)).IsNone);
        Assert.Equal([1UL, 2UL, 3UL], Values(m, 3));
        Assert.Equal(3, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void A_page_that_is_being_moved_drops_out_of_another_migration()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        Store(m, 2);
        var first = new MigrateVma(m.Mm, 2);
        Assert.Equal(Errno.None, first.SetUp(m.Mm, Base, 1));

        Beside(() => Assert.Equal((Errno.None, 1), m.Migrate(Base, 2)));

        first.Copy(m.Frames);
        Assert.Equal((1, 1), (first.MigratePages(), first.Complete()));
        Assert.Equal([1UL, 2UL], Values(m, 2));
    }

    [Theory]
    [InlineData(Base - Size, 2UL)]
    [InlineData(Base + Size, 2UL)]
    [InlineData(Base + (4 * Size), 1UL)]
    public void A_range_that_is_not_in_one_mapping_is_EINVAL(ulong address, ulong pages)
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        m.MapAt(Base + (2 * Size), 1, Protection.Read);

        Assert.Equal((Errno.EINVAL, 0), m.Migrate(address, pages));
    }

    [Fact]
    public void A_page_without_a_destination_stays_as_it_was()
    {
        using var m = new TestMachine(limit: 3);
        m.MapAt(Base, 2);
        CpuPte[] before = Store(m, 2);

        Assert.Equal((Errno.None, 1), m.Migrate(Base, 2));

        Assert.NotEqual(before[0].Frame, m.Mm.PageTable.Read(Base).Frame);
        Assert.Equal(before[1], m.Mm.PageTable.Read(Base + Size));
        Assert.Equal([1UL, 2UL], Values(m, 2));
        Assert.Equal(2, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void A_migration_that_is_completed_without_its_second_step_changes_nothing_and_frees_its_frames()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 3);
        CpuPte[] before = Store(m, 2);
        var migration = new MigrateVma(m.Mm, 3);
        Assert.Equal(Errno.None, migration.SetUp(m.Mm, Base, 3));
        migration.Copy(m.Frames);
        Assert.Equal(Errno.None, m.Frames.TryAllocate(out FrameNumber needless));
        migration.Destination[2] = MigratePfn.Of(needless);

        Assert.Equal(0, migration.Complete());

        Assert.Equal<IEnumerable<CpuPte>>(before, [m.Mm.PageTable.Read(Base), m.Mm.PageTable.Read(Base + Size)]);
        Assert.Equal(2, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void The_steps_have_one_order_and_a_migration_can_be_used_again()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 4);
        Store(m, 4);
        var migration = new MigrateVma(m.Mm, 2);
        Assert.Throws<InvalidOperationException>(() => migration.MigratePages());
        Assert.Throws<ArgumentException>(() => migration.SetUp(m.Mm, Base, 3));
        Assert.Throws<ArgumentException>(() => migration.SetUp(m.Mm, Base, 0));
        Assert.Throws<ArgumentException>(() => migration.SetUp(m.Mm, Base + 1, 1));
        for (ulong at = Base; at < Base + (4 * Size); at += 2 * Size)
        {
            Assert.Equal(Errno.None, migration.SetUp(m.Mm, at, 2));
            migration.Copy(m.Frames);
            Assert.Equal(2, migration.MigratePages());
            Assert.Throws<InvalidOperationException>(() => migration.MigratePages());
            Assert.Equal(2, migration.Complete());
            Assert.Throws<InvalidOperationException>(() => migration.Complete());
        }

        Assert.Equal([1UL, 2UL, 3UL, 4UL], Values(m, 4));
        Assert.Equal(4, m.Frames.AllocatedFrames);
    }

    private static CpuPte[] Store(TestMachine m, int pages)
    {
        for (int i = 0; i < pages; i++)
        {
            m.Thread.Store(Base + ((ulong)i * Size), (ulong)i + 1);
        }

        return [.. Enumerable.Range(0, pages).Select(i => m.Mm.PageTable.Read(Base + ((ulong)i * Size)))];
    }

    private static ulong[] Values(TestMachine m, int pages) =>
        [.. Enumerable.Range(0, pages).Select(i => m.Thread.Load<ulong>(Base + ((ulong)i * Size)))];
}
