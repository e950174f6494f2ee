namespace GpuSvm.HmmTests.Tests;

/// <summary>What the test device says to commands that it cannot carry out, and what it leaves alone then.</summary>
public sealed class DeviceFileTests
{
    private static readonly DeviceVerb[] Verbs = Enum.GetValues<DeviceVerb>();

    [Theory]
    [InlineData(0x10001, 1)]
    [InlineData(0x10000, 0)]
    [InlineData(0x10000, 1L << 52)]
    [InlineData(-0x1000, 1)]
    [InlineData(0x10000, (1L << 52) - 16)]
    public void Every_command_refuses_a_range_that_is_unaligned_or_empty_or_reaches_the_end_of_all_addresses(long address, long pages)
    {
        using var machine = new HmmMachine(DevicePageKind.Private, seed: 1);
        foreach (DeviceVerb verb in Verbs)
        {
            var command = new DeviceCommand(unchecked((ulong)address), unchecked((ulong)pages), CopiedPages: 7, Faults: 8);

            Assert.Equal((verb, Errno.EINVAL), (verb, machine.File.Run(verb, ref command, new byte[4096])));

            Assert.Equal((7UL, 8UL), (command.CopiedPages, command.Faults));
        }
    }

    [Fact]
    public void A_closed_file_and_one_of_an_ended_process_refuse_every_command()
    {
        using var machine = new HmmMachine(DevicePageKind.Private, seed: 1);
        DeviceFile closed = machine.Process.Open(machine.Second);
        closed.Dispose();
        closed.Dispose();
        foreach (DeviceVerb verb in Verbs)
        {
            var command = new DeviceCommand(0x10000UL, 1);
            Assert.Equal((verb, Errno.EINVAL), (verb, closed.Run(verb, ref command, new byte[4096])));
        }

        machine.Process.Space.Exit();
        Assert.Null(machine.Second.Open(machine.Process.Space));
    }

    [Fact]
    public void An_unknown_command_is_refused()
    {
        using var machine = new HmmMachine(DevicePageKind.Private, seed: 1);
        var command = new DeviceCommand(machine.Process.Map(1), 1);

        Assert.Equal(Errno.EINVAL, machine.File.Run((DeviceVerb)9, ref command, new byte[4096]));
    }

    [Theory]
    [InlineData(DeviceVerb.Read)]
    [InlineData(DeviceVerb.Write)]
    [InlineData(DeviceVerb.Snapshot)]
    public void A_buffer_that_is_too_short_is_a_bad_address_and_the_counts_stay(DeviceVerb verb)
    {
        using var machine = new HmmMachine(DevicePageKind.Coherent, seed: 1);
        var command = new DeviceCommand(machine.Process.Map(2), 2, CopiedPages: 7, Faults: 8);

        Assert.Equal(Errno.EFAULT, machine.File.Run(verb, ref command, new byte[verb == DeviceVerb.Snapshot ? 1 : 8191]));

        Assert.Equal((7UL, 8UL), (command.CopiedPages, command.Faults));
    }

    [Fact]
    public void A_success_overwrites_the_counts()
    {
        using var machine = new HmmMachine(DevicePageKind.Private, seed: 1);
        var command = new DeviceCommand(machine.Process.Map(70), 70, CopiedPages: 7, Faults: 8);
        byte[] buffer = new byte[70 * 4096];

        Assert.Equal(Errno.None, machine.File.Run(DeviceVerb.Write, ref command, buffer));
        Assert.Equal((70UL, 1UL), (command.CopiedPages, command.Faults));
        Assert.Equal(Errno.None, machine.File.Run(DeviceVerb.Snapshot, ref command, buffer));
        Assert.Equal((0UL, 0UL), (command.CopiedPages, command.Faults));
        Assert.All(buffer[..70], one => Assert.Equal((byte)SnapshotByte.Write, one));
    }

    [Fact]
    public void A_hole_in_the_middle_fails_a_read_and_what_lies_before_it_stays_in_the_mirror()
    {
        using var machine = new HmmMachine(DevicePageKind.Private, seed: 1);
        VirtualAddress start = machine.Process.Map(100);
        machine.Process.Unmap(start + (64 * Page.Size), 1);
        var command = new DeviceCommand(start, 100, CopiedPages: 7, Faults: 8);

        Assert.Equal(Errno.EFAULT, machine.File.Run(DeviceVerb.Read, ref command, new byte[100 * 4096]));

        Assert.Equal((7UL, 8UL, 64), (command.CopiedPages, command.Faults, machine.File.MirroredPages));
    }

    [Fact]
    public void A_range_that_no_buffer_can_hold_is_out_of_memory()
    {
        using var machine = new HmmMachine(DevicePageKind.Private, seed: 1);
        var command = new DeviceCommand(machine.Process.Map(1), 1UL << 40);

        Assert.Equal(Errno.ENOMEM, machine.File.Run(DeviceVerb.Read, ref command, default));
        Assert.Equal(Errno.ENOMEM, machine.File.Run(DeviceVerb.Write, ref command, default));
    }
}
