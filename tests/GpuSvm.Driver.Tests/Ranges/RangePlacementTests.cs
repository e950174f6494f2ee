using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Ranges;

/// <summary>Where the pages of a range live once the GPU has touched it.</summary>
public sealed class RangePlacementTests
{
    [Fact]
    public void A_touch_of_the_GPU_moves_the_whole_range_and_the_CPUs_brings_home_what_it_touches()
    {
        using VideoFixture d = Make(SvmResidency.Device, readAround: 4);
        d.Map(0, 16, written: 10);
        d.Add(3, 1, atomically: true).ThrowIfFailed();
        Assert.Equal((new string('V', 16), 16L, 1L), (d.Where(0, 16), d.Driver.MappedPages, d.Driver.Counters.Fetched));
        Assert.Equal((1L, 0L, 0L), (d.Driver.Counters.Ranges.Moves, d.Driver.Counters.ExclusivePages, d.Gpu.DmaMapper.MappedPages));

        Assert.Equal(6, d.Read(5));
        Assert.Equal(("VVVVSSSSVVVVVVVV", 12L), (d.Where(0, 16), d.Driver.MappedPages));

        // Only what is not there moves again, and the entries of the others stay.
        long invalidations = d.Driver.Invalidations;
        d.Add(4, 12, atomically: true).ThrowIfFailed();
        Assert.Equal((new string('V', 16), 20L, 2L), (d.Where(0, 16), d.Memory.Counters.PagesToDevice, d.Driver.Counters.Fetched));
        Assert.Equal(invalidations + 1, d.Driver.Invalidations);
        Assert.Equal([1L, 2, 3, 104, 105, 106, 107], Enumerable.Range(0, 7).Select(d.Read));
    }

    [Fact]
    public void A_move_of_what_is_missing_leaves_the_entries_of_the_others_alone()
    {
        using VideoFixture d = Make(SvmResidency.Device, readAround: 4);
        d.Map(0, 16);
        d.Add(0, 1, atomically: true).ThrowIfFailed();
        d.Read(5);
        Assert.True(d.Client.RangeSpace!.TryFind(VideoFixture.At(0), out SvmRange? range));
        Assert.Equal((12, 12L), (range.ValidPages, d.Driver.MappedPages));
        Assert.Equal(new DeviceMigrationResult(4, Errno.None), d.Client.RangeSpace.MigrateToDevice(range, Movement.BestEffort));
        Assert.Equal((12, 12L), (range.ValidPages, d.Driver.MappedPages));
    }

    [Fact]
    public void In_the_systems_memory_nothing_moves_by_itself_and_what_is_there_is_used_there()
    {
        using VideoFixture d = Make(SvmResidency.System);
        d.Map(0, 16);
        d.Bind(0, 8);
        d.Add(0, 16, atomically: false).ThrowIfFailed();
        Assert.Equal(("VVVVVVVVSSSSSSSS", 16L), (d.Where(0, 16), d.Driver.MappedPages));
        Assert.Equal((8L, 0L), (d.Memory.Counters.PagesToDevice, d.Driver.Counters.Ranges.Moves));
        d.Add(0, 16, atomically: true).ThrowIfFailed();
        Assert.Equal(("VVVVVVVVXXXXXXXX", 8L), (d.Where(0, 16), d.Driver.Counters.ExclusivePages));
        Assert.Equal(Enumerable.Range(201, 16).Select(i => (long)i), Enumerable.Range(0, 16).Select(d.Read));
    }

    [Fact]
    public void What_both_use_by_turns_stays_in_the_systems_memory_for_ever_longer()
    {
        using VideoFixture d = Make(SvmResidency.Auto, readAround: 16);
        d.Map(0, 16);
        string places = string.Concat(Enumerable.Range(1, 16).Select(turn =>
        {
            d.Add(0, 1, atomically: false).ThrowIfFailed();
            string where = d.Where(0, 1);
            d.Cpu.Thread(0).Store(VideoFixture.At(0), 0L);
            d.Mm.Discard(VideoFixture.At(0), Page.Size);
            return where;
        }));

        // Each turn is a fault for reading and one for writing: it rests for none, for 1, 3, 7, 15 of them.
        Assert.Equal("VVVSVSSSVSSSSSSS", places);
        Assert.Equal(0, d.Driver.Counters.Cancels);
    }

    [Fact]
    public void Only_anonymous_memory_moves()
    {
        using VideoFixture d = Make(SvmResidency.Device);
        Assert.Equal(Errno.None, d.Mm.MapShared(VideoFixture.At(0), 16 * Page.Size, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));
        d.Add(0, 16, atomically: false).ThrowIfFailed();
        Assert.Equal((0L, 0L, 16L), (d.Memory.UsedPages, d.Driver.Counters.Ranges.FailedMoves, d.Driver.MappedPages));
    }

    [Fact]
    public void Where_there_is_no_room_or_no_copy_the_fault_is_served_in_the_systems_memory()
    {
        using VideoFixture d = Make(SvmResidency.Device, copyTimeout: TimeSpan.Zero);
        d.Map(0, 16);
        d.Gpu.CopyEngine.Halt();
        d.Add(0, 16, atomically: false).ThrowIfFailed();
        d.Gpu.CopyEngine.Resume();
        Assert.Equal((new string('S', 16), 16L, 0L), (d.Where(0, 16), d.Driver.MappedPages, d.Driver.Counters.Cancels));
        Assert.Equal((0L, 2L), (d.Driver.Counters.Ranges.Moves, d.Driver.Counters.Ranges.FailedMoves));
    }

    [Fact]
    public void More_than_the_device_holds_is_used_there_by_turns()
    {
        using VideoFixture d = Make(SvmResidency.Device, videoMemory: ByteSize.MiB(2), pageLimit: 64);
        d.Map(0, 256);
        for (int pass = 0; pass < 2; pass++)
        {
            d.Add(0, 256, atomically: false).ThrowIfFailed();
        }

        Assert.Equal(Enumerable.Range(201, 256).Select(i => (long)i), Enumerable.Range(0, 256).Select(d.Read));
        Assert.InRange(d.Memory.Counters.PeakPages, 1, 64);
        Assert.Equal(0, d.Driver.Counters.Cancels);
    }

    [Fact]
    public void A_shared_page_of_the_device_is_sent_home_for_a_store_and_the_store_is_seen_by_its_process_only()
    {
        using VideoFixture d = Make(SvmResidency.System);
        d.Map(0, 16);
        d.Bind(0, 16);
        d.Fork(out CpuThread cpu);
        d.Add(2, 1, atomically: false).ThrowIfFailed();
        Assert.Equal((1L, 0L), (d.Driver.Counters.Ranges.SentHome, d.Driver.Counters.Cancels));
        Assert.Equal((103L, 3L), (d.Read(2), cpu.Load<long>(VideoFixture.At(2))));
    }

    [Fact]
    public void Where_pages_live_on_the_device_a_shared_one_that_is_stored_to_is_back_there_after_the_same_fault()
    {
        using VideoFixture d = Make(SvmResidency.Device);
        d.Map(0, 16);
        d.Add(0, 1, atomically: true).ThrowIfFailed();
        d.Fork(out CpuThread cpu);
        long fetched = d.Driver.Counters.Fetched;
        d.Add(2, 1, atomically: true).ThrowIfFailed();
        Assert.Equal((new string('V', 16), 1L, 1L), (d.Where(0, 16), d.Driver.Counters.Ranges.SentHome, d.Driver.Counters.Fetched - fetched));
        Assert.Equal((0L, 0L), (d.Driver.Counters.ExclusivePages, d.Driver.Counters.Cancels));
        Assert.Equal((103L, 3L), (d.Read(2), cpu.Load<long>(VideoFixture.At(2))));
    }

    [Theory]
    [InlineData(0, "XSSSSSSSSSSSSSSS", 0)]
    [InlineData(1, "VVVVVVVVVVVVVVVV", 1)]
    public void Atomics_have_their_range_on_the_device_if_they_are_to_wherever_others_live(int tries, string where, int moves)
    {
        using VideoFixture d = Make(SvmResidency.System, atomicTries: tries);
        d.Map(0, 16);
        d.Add(0, 1, atomically: true).ThrowIfFailed();
        Assert.Equal((where, (long)moves), (d.Where(0, 16), d.Driver.Counters.Ranges.Moves));
        Assert.Equal(101, d.Read(0));
    }

    [Fact]
    public void A_range_that_cannot_move_is_tried_so_often_and_then_its_page_is_taken_alone()
    {
        using VideoFixture d = Make(SvmResidency.System, atomicTries: 3, copyTimeout: TimeSpan.Zero);
        d.Map(0, 16);
        d.Gpu.CopyEngine.Halt();
        d.Add(5, 1, atomically: true).ThrowIfFailed();
        d.Gpu.CopyEngine.Resume();
        RangeCounters c = d.Driver.Counters.Ranges;
        Assert.Equal(("SSSSSXSSSSSSSSSS", 3L, 0L, 1L), (d.Where(0, 16), c.FailedMoves, c.Moves, c.LeftToPages));
        Assert.Equal((1L, 0L, 106L), (d.Driver.Counters.ExclusivePages, d.Driver.Counters.Cancels, d.Read(5)));
    }

    [Fact]
    public void Each_try_asks_for_twice_the_timeslice_of_the_one_before()
    {
        var clock = new ManualClock();
        var timeslices = new List<TimeSpan>();
        VideoFixture? made = null;
        using VideoFixture d = Make(SvmResidency.System, atomicTries: 3, clock: clock, beforeBind: () =>
        {
            DeviceAllocation there = made!.Memory.Allocations[^1];
            timeslices.Add(there.TimesliceEnd.Remaining);
            if (timeslices.Count < 3)
            {
                Assert.Equal(Errno.None, made.Memory.Evict(there));
            }
        });
        made = d;
        d.Map(0, 1);
        d.Add(0, 1, atomically: true).ThrowIfFailed();
        Assert.Equal([5.0, 10, 20], timeslices.Select(slice => slice.TotalMilliseconds));
        Assert.Equal(("V", 3L, 2L, 0L), (d.Where(0, 1), d.Driver.Counters.Ranges.Moves, d.Driver.Counters.Ranges.Retries, d.Driver.Counters.ExclusivePages));
    }

    [Fact]
    public void In_the_original_way_a_range_lies_in_one_place()
    {
        using VideoFixture d = Make(SvmResidency.System, movement: Movement.AllOrNothing);
        d.Map(0, 16);
        d.Bind(0, 8);
        d.Add(15, 1, atomically: false).ThrowIfFailed();
        Assert.Equal((new string('S', 16), 1L, 0L), (d.Where(0, 16), d.Driver.Counters.Ranges.SentHome, d.Driver.Counters.Cancels));
    }

    [Fact]
    public void The_original_way_brings_home_what_is_left_of_a_range_that_is_unmapped_in_part()
    {
        using VideoFixture d = Make(SvmResidency.Device, partialUnmap: PartialUnmap.DropRange);
        d.Map(0, 17);
        d.Add(0, 1, atomically: false).ThrowIfFailed();
        Assert.Equal(new string('V', 16) + "S", d.Where(0, 17));
        Assert.Equal(Errno.None, d.Mm.Unmap(VideoFixture.At(8), 8 * Page.Size));
        d.Add(16, 1, atomically: false).ThrowIfFailed();
        Assert.Equal("SSSSSSSS........V", d.Where(0, 17));
    }

    [Fact]
    public void A_range_of_which_a_page_went_home_stays_one_range_with_the_others_on_the_device()
    {
        using VideoFixture d = Make(SvmResidency.Device, readAround: 1);
        d.Map(0, 512);
        d.Add(0, 1, atomically: true).ThrowIfFailed();
        Assert.Equal(8, d.Read(7));
        Assert.Equal((1, 511L, 511L), (d.Client.RangeSpace!.RangeCount, d.Memory.UsedPages, d.Driver.MappedPages));
    }

    private static VideoFixture Make(
        SvmResidency placement,
        int readAround = 1,
        TimeSpan? copyTimeout = null,
        ByteSize? videoMemory = null,
        ulong? pageLimit = null,
        Movement movement = Movement.BestEffort,
        PartialUnmap partialUnmap = PartialUnmap.KeepRest,
        int atomicTries = 0,
        Action? beforeBind = null,
        Clock? clock = null)
    {
        var ranges = new SvmRangeOptions
        {
            Placement = placement,
            Movement = movement,
            PartialUnmap = partialUnmap,
            AtomicTries = atomicTries,
            BeforeBind = beforeBind,
        };
        var options = new SvmDriverOptions { Strategy = MirrorStrategies.SizedRanges, Ranges = ranges, Clock = clock ?? Clock.Monotonic };
        return new VideoFixture(options, videoMemory, readAround, copyTimeout, pageLimit: pageLimit);
    }
}
