using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Tests.Linux;

/// <summary>A process by its descriptor, and waiting for the first of several.</summary>
public sealed class ProcessFileTests
{
    [Fact]
    public void A_killed_process_becomes_readable_and_can_be_killed_again()
    {
        using Process child = Process.Start("sleep", "1000");
        using SafeFileHandle file = ProcessFile.Open(child.Id);
        using SafeFileHandle self = ProcessFile.Open(Environment.ProcessId);
        var readable = new bool[2];
        Assert.Equal(0, PollSet.Wait([self, file], TimeSpan.Zero, readable));
        Assert.Equal([false, false], readable);

        ProcessFile.Kill(file);
        Assert.Equal(1, PollSet.Wait([self, file], TimeSpan.FromSeconds(30), readable));
        Assert.Equal([false, true], readable);
        child.WaitForExit();
        Assert.Equal(128 + 9, child.ExitCode);
        ProcessFile.Kill(file);
    }

    [Fact]
    public void A_process_that_is_not_there_cannot_be_opened()
    {
        Assert.Equal(Errno.ESRCH, Assert.Throws<SvmException>(() => ProcessFile.Open(0x3FFF_FFFF)).Error);
    }

    [Fact]
    public void A_set_has_a_limit_and_room_for_its_answers()
    {
        using SafeFileHandle self = ProcessFile.Open(Environment.ProcessId);
        SafeFileHandle[] many = [.. Enumerable.Repeat(self, PollSet.Limit + 1)];
        Assert.Throws<ArgumentOutOfRangeException>(() => PollSet.Wait(many, TimeSpan.Zero, new bool[32]));
        Assert.Throws<ArgumentOutOfRangeException>(() => PollSet.Wait([self, self], TimeSpan.Zero, new bool[1]));
        Assert.Equal(0, PollSet.Wait(many.AsSpan(1), TimeSpan.FromMilliseconds(1), new bool[PollSet.Limit]));
    }
}
