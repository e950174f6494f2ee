using System.CommandLine;
using System.Text.Json;
using GpuSvm.Cli.Runs;
using GpuSvm.Cli.Runs.Lists;
using GpuSvm.Cli.Runs.Targets;
using GpuSvm.Core;
using GpuSvm.Workloads;

namespace GpuSvm.Cli.Tests;

/// <summary>A wrong answer is noticed, and told as such.</summary>
public sealed class CheckTests
{
    [Fact]
    public async Task A_value_changed_behind_the_lists_back_is_noticed()
    {
        await using var target = new SimulatedTarget(new MachineOptions());
        var session = new RunSession(target);
        var list = new ProcessList(session, 50, new SeededRandom(1));
        ListDigest expected = list.DigestFrom(list.First());
        session.Target.Store(list.AddressOf(20) + ListWalk.ValueOffset, 1UL << 40);

        ListWalkers walkers = await ListWalkers.WalkOnceAsync(session, list);

        ulong seen = walkers.LastSeen().Sum;
        Assert.NotEqual(expected.Sum, seen);
        Assert.Equal(
            $"walk 0 of GPU thread 0 saw 50 nodes with sum {seen}, which the list never was between its versions 0 and 0",
            walkers.FindWrongWalk([expected]));
    }

    [Fact]
    public async Task Only_the_versions_of_a_walks_own_time_count()
    {
        await using var target = new SimulatedTarget(new MachineOptions { Sms = 2 });
        var session = new RunSession(target);
        var list = new ProcessList(session, 9, new SeededRandom(2));
        ListDigest now = list.DigestFrom(list.First());
        ListDigest other = now.Add(1);

        ListWalkers walkers = await ListWalkers.WalkOnceAsync(session, list);

        Assert.Null(walkers.FindWrongWalk([now]));
        Assert.Null(walkers.FindWrongWalk([other, now]));
        Assert.NotNull(walkers.FindWrongWalk([other, other, now]));
    }

    [Fact]
    public async Task Every_kind_of_idle_change_keeps_the_list_and_its_model_alike()
    {
        await using var target = new SimulatedTarget(new MachineOptions());
        var session = new RunSession(target);
        var random = new SeededRandom(3);
        var list = new ProcessList(session, 200, random);
        for (int round = 0; round < 20; round++)
        {
            IdleChanges.Make(list, random);

            Assert.Equal(list.DigestFrom(list.First()), WalkByCpu(target.Process.Cpu(1), list));
        }
    }

    [Fact]
    public async Task A_run_that_is_not_verified_exits_with_1_and_says_why()
    {
        var command = new WorkloadCommand("broken", "Always wrong.");
        command.Runs((_, _) => Task.FromResult(new RunReport(null, null, [], "the CPU counts 3")));

        (int exitCode, string output, string error) = await InvokeAsync(command, "--simulate");

        Assert.Equal((1, "gpusvm: the CPU counts 3\n"), (exitCode, error));
        JsonElement document = JsonDocument.Parse(output).RootElement;
        Assert.False(document.GetProperty("verified").GetBoolean());
        Assert.Equal("the CPU counts 3", document.GetProperty("failure").GetString());
    }

    [Fact]
    public async Task A_launch_that_fails_exits_with_1_and_its_report_in_one_line()
    {
        var command = new WorkloadCommand("broken", "Reads where nothing is mapped.");
        command.Runs(async (session, _) =>
        {
            await session.LaunchAsync(ReadUnmapped, 1, 1, 0x5000UL);
            return new RunReport(null, null, [], null);
        });

        (int exitCode, string output, string error) = await InvokeAsync(command, "--simulate");

        Assert.Equal(1, exitCode);
        Assert.Matches("^gpusvm: launch failed: GPU read at 0x5008 cancelled: [^\n]+\\(EFAULT\\)\n$", error);
        Assert.Equal(1, JsonDocument.Parse(output).RootElement.GetProperty("counters").GetProperty("cancels").GetInt64());
    }

    [Fact]
    public async Task A_launch_that_is_cancelled_has_its_trace_with_the_cancel_and_the_stopped_wait()
    {
        using var file = new TemporaryFile("an earlier trace");
        var command = new WorkloadCommand("broken", "Reads where nothing is mapped.");
        command.Runs(async (session, _) =>
        {
            await session.LaunchAsync(ReadUnmapped, 1, 1, 0x5000UL);
            return new RunReport(null, null, [], null);
        });

        (int exitCode, _, _) = await InvokeAsync(command, "--simulate", "--trace", file.Path);

        PerfettoFile trace = PerfettoFile.Of(await File.ReadAllBytesAsync(file.Path));
        Assert.Equal(1, exitCode);
        Assert.Empty(trace.Faults());
        TracedEvent wait = trace.Events.Single(happened => happened.Category == "fault");
        TracedEvent cancel = trace.Events.Single(happened => happened.Category == "cancel");
        Assert.Equal(("fault: read", "cancel: read", "GPU"), (wait.Name, cancel.Name, trace.PathOf(cancel.Track)));
        Assert.Equal(("0x5008", wait.Annotations["id"]), (cancel.Annotations["address"], cancel.Annotations["id"]));
        Assert.Empty(wait.Flows);
    }

    private static async GpuTask ReadUnmapped(GpuThread t, ulong address) => await t.Load<int>(address + 8);

    private static ListDigest WalkByCpu(CpuThread cpu, ProcessList list)
    {
        var seen = default(ListDigest);
        ulong node = cpu.Load<ulong>(list.Control + ListWalk.HeadOffset);
        while (node != 0)
        {
            seen = seen.Add(cpu.Load<ulong>(node + ListWalk.ValueOffset));
            node = cpu.Load<ulong>(node + ListWalk.NextOffset);
        }

        return seen;
    }

    private static async Task<(int ExitCode, string Output, string Error)> InvokeAsync(WorkloadCommand command, params string[] more)
    {
        (TextWriter oldOutput, TextWriter oldError) = (Console.Out, Console.Error);
        using var output = new StringWriter();
        using var error = new StringWriter();
        Console.SetOut(output);
        Console.SetError(error);
        try
        {
            int exitCode = await command.Parse(["--json", .. more]).InvokeAsync();
            return (exitCode, output.ToString(), error.ToString());
        }
        finally
        {
            Console.SetOut(oldOutput);
            Console.SetError(oldError);
        }
    }
}
