namespace GpuSvm.Mm.Tests;

public sealed class ResidencyTests : IDisposable
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;
    private readonly TestMachine _m = new();

    public void Dispose() => _m.Dispose();

    [Fact]
    public void Runs_tell_what_is_mapped_touched_read_and_written()
    {
        _m.MapAt(Base, 5);
        _m.Thread.Load<int>(Base + Size);
        _m.Thread.Load<int>(Base + (2 * Size));
        _m.Thread.Store(Base + (3 * Size), 1);
        Assert.Equal(
            [
                "[0xf000, 0x10000) Unmapped",
                "[0x10000, 0x11000) Nowhere",
                "[0x11000, 0x13000) ZeroPage Read",
                "[0x13000, 0x14000) System ReadWrite maps 1",
                "[0x14000, 0x15000) Nowhere",
                "[0x15000, 0x17000) Unmapped",
            ],
            Look(Base - Size, 8));
    }

    [Fact]
    public void Untouched_pages_of_many_tables_and_mappings_are_one_run()
    {
        _m.MapAt(0x10_0000, 2048);
        _m.MapAt(0x90_0000, 1, Protection.Read);
        Assert.Equal(["[0x100000, 0x901000) Nowhere"], Look(0x10_0000, 2049));
        _m.Thread.Store(0x40_0000, 1);
        Assert.Equal(
            ["[0x100000, 0x400000) Nowhere", "[0x400000, 0x401000) System ReadWrite maps 1", "[0x401000, 0x901000) Nowhere"],
            Look(0x10_0000, 2049));
    }

    [Fact]
    public void Neighbours_are_one_run_only_if_their_frames_are_neighbours_too()
    {
        Assert.Equal(Errno.None, _m.Mm.MapSpecial(Base, new FrameNumber(100), 2 * Size, Protection.Read, MapPlacement.Fixed, out _));
        _m.Mm.MapSpecial(Base + (2 * Size), new FrameNumber(200), Size, Protection.Read, MapPlacement.Fixed, out _);
        for (ulong i = 0; i < 3; i++)
        {
            _m.Thread.Load<int>(Base + (i * Size));
        }

        IReadOnlyList<ResidencyRun> runs = _m.Mm.Residency(new AddressRange(Base, Base + (3 * Size)));
        Assert.Equal(["[0x10000, 0x12000) Special Read", "[0x12000, 0x13000) Special Read"], Look(Base, 3));
        Assert.Equal([new FrameNumber(100), new FrameNumber(200)], runs.Select(run => run.FirstFrame!.Value));
    }

    [Fact]
    public void Pages_of_devices_say_whose_they_are_and_what_the_CPU_may_do_once_they_are_home()
    {
        _m.MapAt(Base, 3);
        for (ulong i = 0; i < 3; i++)
        {
            _m.Thread.Store(Base + (i * Size), i);
        }

        var device = new TestDevice(_m.Frames);
        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Base + Size, 1));
        Assert.Equal("[0x11000, 0x12000) DevicePrivate ReadWrite maps 1", Look(Base, 3)[1]);
        Assert.Equal(
            [null, device.Pagemap, null], _m.Mm.Residency(new AddressRange(Base, Base + (3 * Size))).Select(run => run.Device));

        FrameNumber frame;
        using (_m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, DeviceExclusive.TryMake(_m.Mm, Base, null, out frame));
        }

        _m.Frames.Unlock(frame);
        _m.Frames.Put(frame);
        Assert.Equal("[0x10000, 0x11000) DeviceExclusive ReadWrite maps 1", Look(Base, 1).Single());

        var migration = new MigrateVma(_m.Mm, 1);
        migration.SetUp(_m.Mm, Base + (2 * Size), 1);
        MigrationSteps.Beside(() => Assert.Equal("[0x12000, 0x13000) Moving ReadWrite", Look(Base + (2 * Size), 1).Single()));
        migration.Complete();
    }

    [Fact]
    public void Pages_that_a_child_shares_are_mapped_twice()
    {
        _m.MapAt(Base, 1);
        _m.Thread.Store(Base, 1);
        TestProcess child = _m.Fork();
        Assert.Equal("[0x10000, 0x11000) System Read maps 2", Look(Base, 1).Single());
        child.Thread.Store(Base, 2);
        Assert.Equal("[0x10000, 0x11000) System Read maps 1", Look(Base, 1).Single());
        _m.Protect(Base, 1, Protection.None);
        Assert.Equal("[0x10000, 0x11000) System None maps 1", Look(Base, 1).Single());
    }

    [Fact]
    public void A_huge_page_says_its_size()
    {
        const ulong Block = 4 * HugePage.Size;
        _m.MapAt(Block, 512);
        _m.Mm.Advise(Block, HugePage.Size, Advice.HugePage);
        _m.Thread.Store(Block, 1);
        ResidencyRun run = _m.Mm.Residency(HugePage.BlockAt(Block)).Single();
        Assert.Equal((HugePage.Size, PageLocation.System, 1), (run.PageSize, run.Location, run.Maps));
    }

    [Fact]
    public void Only_whole_pages_have_a_place()
    {
        Assert.Throws<ArgumentException>(() => _m.Mm.Residency(new AddressRange(1UL, Size)));
        Assert.Throws<ArgumentException>(() => _m.Mm.Residency(new AddressRange(0UL, (1UL << 48) + Size)));
        Assert.Empty(_m.Mm.Residency(new AddressRange(Base, Base)));
    }

    private List<string> Look(ulong start, ulong pages) =>
        [.. _m.Mm.Residency(AddressRange.FromLength(start, pages * Size)).Select(run =>
            $"{run.Range} {run.Location}" +
            (run.Location is PageLocation.Unmapped or PageLocation.Nowhere ? "" : $" {run.Rights}") +
            (run.Maps == 0 ? "" : $" maps {run.Maps}"))];
}
