using System.Diagnostics;

namespace GpuSvm.Core.Tests.Concurrency;

public sealed class ProcessAffinityTests
{
    [Fact]
    public void A_process_stays_on_the_CPU_that_it_is_pinned_to()
    {
        int cpu = ProcessAffinity.Cpus[^1];
        using Process child = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true, RedirectStandardOutput = true })!;

        ProcessAffinity.Pin(child.Id, cpu);

        string allowed = File.ReadLines($"/proc/{child.Id}/status").Single(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
        Assert.Equal($"Cpus_allowed_list:\t{cpu}", allowed);
        child.StandardInput.Dispose();
        child.WaitForExit();
    }

    [Fact]
    public void The_CPUs_are_those_that_the_system_tells_of() =>
        Assert.Equal(Environment.ProcessorCount, ProcessAffinity.Cpus.Count);

    [Fact]
    public void A_process_that_is_not_there_and_a_CPU_that_is_not_there_are_refused()
    {
        Assert.Equal(Errno.ESRCH, Assert.Throws<SvmException>(() => ProcessAffinity.Pin(int.MaxValue, 0)).Error);
        Assert.Equal(Errno.EINVAL, Assert.Throws<SvmException>(() => ProcessAffinity.Pin(Environment.ProcessId, 1023)).Error);
        Assert.Throws<ArgumentOutOfRangeException>(() => ProcessAffinity.Pin(Environment.ProcessId, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProcessAffinity.Pin(Environment.ProcessId, 1024));
    }

    [Fact]
    public void A_process_is_started_on_one_CPU_and_its_starter_keeps_its_own()
    {
        IReadOnlyList<int> before = ProcessAffinity.Cpus;
        using Process child = ProcessAffinity.Start(
            before[^1], new ProcessStartInfo("grep", ["Cpus_allowed_list", "/proc/self/status"]) { RedirectStandardOutput = true });

        Assert.Equal($"Cpus_allowed_list:\t{before[^1]}\n", child.StandardOutput.ReadToEnd());
        Assert.Equal(before, ProcessAffinity.Cpus);
        child.WaitForExit();
    }
}
