namespace GpuSvm.Svm.Tests.Migration;

/// <summary>A huge page moves in one step: one copy, one mapping for DMA, one invalidation, and it stays huge.</summary>
public sealed class HugePageTests
{
    private static readonly AddressRange Block = TestMachine.Pages(0, 512);

    /// <summary>How a page goes home.</summary>
    public enum Way
    {
        Touch,
        Eviction,
        Request,
    }

    [Theory]
    [InlineData(Way.Touch, InvalidationCause.Migrate, 1)]
    [InlineData(Way.Eviction, InvalidationCause.Clear, 0)]
    [InlineData(Way.Request, InvalidationCause.Migrate, 1)]
    public void A_way_there_and_home_is_a_step_each(Way way, InvalidationCause cause, int drops)
    {
        using var machine = NewMachine();
        var mirror = new CountingMirror();
        var notifier = new IntervalNotifier(mirror);
        Assert.Equal(Errno.None, machine.Mm.Notifiers.Insert(notifier, Block));
        Assert.Equal(new DeviceMigrationResult(512, Errno.None), machine.ToDevice(0, 512));
        Assert.Equal([new DeviceBlock(0, 9)], Assert.Single(machine.Memory.Allocations).Blocks);
        GoHome(machine, way);
        Assert.Equal([(InvalidationCause.Migrate, Block), (cause, Block)], mirror.Told);
        Assert.Equal((2, 2, 1 + drops), (machine.Device.Commands, machine.Device.Maps, machine.Device.Drops.Count));
        Assert.Equal((0L, 512L), (machine.Memory.UsedPages, machine.Frames.AllocatedFrames));
        Assert.Equal(HugePage.Size, PageSize(machine));
        Assert.Equal(Enumerable.Range(1, 512).Select(i => (long)i), Enumerable.Range(0, 512).Select(machine.Read));
        machine.Mm.Notifiers.Remove(notifier);
    }

    [Theory]
    [InlineData(Way.Touch)]
    [InlineData(Way.Eviction)]
    [InlineData(Way.Request)]
    public void It_stays_huge_though_the_blocks_that_it_has_left_wait_to_be_given_back(Way way)
    {
        // Room for two and a half; what it has left is free, and not given back before memory is found wanting.
        using var machine = NewMachine(devicePages: 1280);
        for (int round = 0; round < 6; round++)
        {
            Assert.Equal(512, machine.ToDevice(0, 512).Pages);
            Assert.Equal(HugePage.Size, PageSize(machine));
            GoHome(machine, way);
            Assert.Equal(HugePage.Size, PageSize(machine));
        }

        Assert.Equal((12, 12), (machine.Device.Commands, machine.Device.Maps));
    }

    [Theory]
    [InlineData(Way.Touch)]
    [InlineData(Way.Eviction)]
    [InlineData(Way.Request)]
    public void What_comes_home_allocates_nothing_once_warm(Way way)
    {
        using var machine = NewMachine();
        long allocated = long.MaxValue;
        for (int round = 0; round < 20; round++)
        {
            Assert.Equal(512, machine.ToDevice(0, 512).Pages);
            DeviceAllocation there = machine.Memory.Allocations[^1];
            machine.Device.Quiet = true;
            long before = GC.GetAllocatedBytesForCurrentThread();
            bool isHome = HasGoneHome(machine, way, there);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            machine.Device.Quiet = false;
            Assert.True(isHome);
        }

        Assert.Equal(0, allocated);
    }

    [Theory]
    [InlineData(Way.Eviction)]
    [InlineData(Way.Request)]
    public void Where_home_has_frames_for_a_part_the_page_is_split_and_that_part_goes(Way way)
    {
        using var machine = NewMachine();
        Assert.Equal(512, machine.ToDevice(0, 512).Pages);
        List<FrameNumber> taken = [];
        while (machine.Frames.TryAllocate(out FrameNumber frame) == Errno.None)
        {
            taken.Add(frame);
        }

        Release(100);
        Assert.Equal(way == Way.Request ? 100 : 412, Move());
        Assert.Equal(new string('S', 100) + new string('D', 412), machine.Where(0, 512));
        Assert.Equal((412L, 412), (machine.Memory.UsedPages, Assert.Single(machine.Memory.Allocations).PageCount));
        Release(taken.Count);
        Assert.Equal(way == Way.Request ? 412 : 0, Move());
        Assert.Equal(Enumerable.Range(1, 512).Select(i => (long)i), Enumerable.Range(0, 512).Select(machine.Read));

        void Release(int count)
        {
            taken[^count..].ForEach(machine.Frames.Put);
            taken.RemoveRange(taken.Count - count, count);
        }

        long Move()
        {
            if (way == Way.Request)
            {
                return machine.Memory.MigrateToSystem(machine.Mm, Block).Pages;
            }

            DeviceAllocation allocation = machine.Memory.Allocations[0];
            _ = machine.Memory.Evict(allocation);
            return allocation.PageCount;
        }
    }

    [Fact]
    public void Eviction_of_a_page_of_which_a_part_has_left_takes_what_is_left()
    {
        using var machine = NewMachine();
        Assert.Equal(512, machine.ToDevice(0, 512).Pages);
        Assert.Equal(Errno.None, machine.Mm.Unmap(TestMachine.AddressOf(3), 5 * Page.Size));
        Assert.Equal(Errno.None, machine.Memory.Evict(machine.Memory.Allocations[0]));
        Assert.Equal("SSS.....S", machine.Where(0, 9));
        Assert.Equal((507L, 507L, 0L), (machine.Memory.Counters.PagesEvicted, machine.Frames.AllocatedFrames, machine.Memory.UsedPages));
        Assert.Equal(512, machine.Read(511));
    }

    private static TestMachine NewMachine(ulong devicePages = 1024)
    {
        var machine = new TestMachine(devicePages);
        machine.Map(512);
        Assert.Equal(Errno.None, machine.Mm.Advise(TestMachine.Base, 512 * Page.Size, Advice.HugePage));
        machine.Write(0, 512);
        return machine;
    }

    private static void GoHome(TestMachine machine, Way way) => Assert.True(HasGoneHome(machine, way, machine.Memory.Allocations[^1]));

    private static bool HasGoneHome(TestMachine machine, Way way, DeviceAllocation there) => way switch
    {
        Way.Touch => machine.Read(300) == 301,
        Way.Eviction => machine.Memory.Evict(there) == Errno.None,
        _ => machine.Memory.MigrateToSystem(machine.Mm, Block).Pages == 512,
    };

    private static ulong PageSize(TestMachine machine) => Assert.Single(machine.Mm.Residency(Block)).PageSize;
}
