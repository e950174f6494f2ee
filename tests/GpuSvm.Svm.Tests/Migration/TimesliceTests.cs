namespace GpuSvm.Svm.Tests.Migration;

/// <summary>For a while after a move a page stays on the device, though the CPU touches it.</summary>
public sealed class TimesliceTests
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(5);

    [Fact]
    public void The_CPU_gets_the_page_when_the_timeslice_has_ended_and_not_before()
    {
        var clock = new ManualClock();
        using TestMachine machine = Machine(clock);
        Assert.Equal(4, machine.Memory.MigrateToDevice(machine.Mm, TestMachine.Pages(0, 4), timeslice: Slice).Pages);
        DeviceAllocation allocation = Assert.Single(machine.Memory.Allocations);
        Assert.Equal(Slice, allocation.TimesliceEnd.Remaining);
        long read = 0;
        using (Reader(machine, () => read = machine.Read(1)))
        {
            AwaitRefusals(machine, 1);
            clock.Advance(Slice - TimeSpan.FromTicks(1));
            Assert.Equal("DDDD", machine.Where(0, 4));
            clock.Advance(TimeSpan.FromTicks(1));
        }

        Assert.Equal((2L, "SSSS"), (read, machine.Where(0, 4)));
        Assert.Equal((1L, 1L), (machine.Memory.Counters.TimesliceRefusals, machine.Memory.Counters.CpuFaults));
    }

    [Fact]
    public void Who_waits_holds_no_lock()
    {
        var clock = new ManualClock();
        using TestMachine machine = Machine(clock);
        Assert.Equal(4, machine.Memory.MigrateToDevice(machine.Mm, TestMachine.Pages(0, 4), timeslice: Slice).Pages);
        FrameNumber frame = machine.Mm.PageTable.Read(TestMachine.AddressOf(1)).Frame;
        using (Reader(machine, () => machine.Read(1)))
        {
            AwaitRefusals(machine, 1);

            // Exclusive, and the page's own: both would wait for a holder for ever.
            Assert.Equal(Errno.None, machine.Mm.Protect(TestMachine.AddressOf(2), Page.Size, Protection.Read));
            Assert.Equal((false, 1), (machine.Frames.IsLocked(frame), machine.Frames.ReferenceCount(frame)));
            clock.Advance(Slice);
        }
    }

    [Fact]
    public void A_page_leaves_at_once_without_a_timeslice_and_after_it()
    {
        var clock = new ManualClock();
        using TestMachine machine = Machine(clock);
        Assert.Equal(4, machine.ToDevice(0, 4).Pages);
        Assert.Equal(1, machine.Read(0));
        Assert.Equal(4, machine.Memory.MigrateToDevice(machine.Mm, TestMachine.Pages(0, 4), timeslice: Slice).Pages);
        clock.Advance(Slice);
        Assert.Equal((4L, 0L), (machine.Read(3), machine.Memory.Counters.TimesliceRefusals));
    }

    [Fact]
    public void A_fault_that_must_not_wait_is_put_off()
    {
        var clock = new ManualClock();
        using TestMachine machine = Machine(clock);
        Assert.Equal(4, machine.Memory.MigrateToDevice(machine.Mm, TestMachine.Pages(0, 4), timeslice: Slice).Pages);
        Assert.True(machine.Mm.TryHandleFault(TestMachine.AddressOf(0), CpuAccess.Read, out Errno error));
        Assert.Equal((Errno.EAGAIN, "DDDD"), (error, machine.Where(0, 4)));
        clock.Advance(Slice);
        Assert.True(machine.Mm.TryHandleFault(TestMachine.AddressOf(0), CpuAccess.Read, out error));
        Assert.Equal((Errno.None, "SSSS"), (error, machine.Where(0, 4)));
    }

    [Fact]
    public void A_page_that_is_evicted_does_not_stay_for_its_timeslice()
    {
        using TestMachine machine = Machine(new ManualClock());
        Assert.Equal(4, machine.Memory.MigrateToDevice(machine.Mm, TestMachine.Pages(0, 4), timeslice: Slice).Pages);
        Assert.Equal(Errno.None, machine.Memory.Evict(Assert.Single(machine.Memory.Allocations)));
        Assert.Equal(1, machine.Read(0));
    }

    [Fact]
    public void The_CPUs_patience_ends_and_then_it_takes_the_page()
    {
        var clock = new ManualClock();
        using TestMachine machine = Machine(clock, new AddressSpaceOptions { Clock = clock });
        Assert.Equal(4, machine.Memory.MigrateToDevice(machine.Mm, TestMachine.Pages(0, 4), timeslice: 10 * Deadline.Default).Pages);
        using (Reader(machine, () => Assert.Equal(1, machine.Read(0))))
        {
            AwaitRefusals(machine, 1);
            clock.Advance(Deadline.Default);
        }

        Assert.Equal("SSSS", machine.Where(0, 4));
    }

    [Fact]
    public void CPU_and_device_that_fight_for_a_page_both_get_on()
    {
        const int Rounds = 20;
        var clock = new ManualClock();
        using TestMachine machine = Machine(clock);
        using (Reader(machine, () =>
        {
            for (long i = 0; i < Rounds; i++)
            {
                machine.Cpu.Store(TestMachine.AddressOf(0), machine.Read(0) + 1);
            }
        }))
        {
            for (int i = 0; i < Rounds; i++)
            {
                machine.Memory.MigrateToDevice(machine.Mm, TestMachine.Pages(0, 4), timeslice: Slice * (1 << (i % 3)));
                clock.Advance(Slice * (1 << (i % 3)));
            }
        }

        Assert.Equal(1 + Rounds, machine.Read(0));
    }

    private static TestMachine Machine(Clock clock, AddressSpaceOptions? space = null)
    {
        var machine = new TestMachine(8, new DeviceMemoryOptions { Clock = clock }, space);
        machine.Map(4);
        machine.Write(0, 4);
        return machine;
    }

    /// <summary>A thread that is joined on disposal.</summary>
    private static Joined Reader(TestMachine machine, Action run) => new(SvmThread.Start("reader", run));

    private static void AwaitRefusals(TestMachine machine, long count)
    {
        var spin = default(Spin);
        while (machine.Memory.Counters.TimesliceRefusals < count)
        {
            spin.Once();
        }
    }

    private sealed class Joined(SvmThread thread) : IDisposable
    {
        public void Dispose() => thread.Join();
    }
}
