using System.Diagnostics;
using GpuSvm.Live.Programs.Infrastructure;
using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Adopted;

/// <summary>Private memory of a process that the GPU shares.</summary>
public sealed class AdoptedTests
{
    /// <summary>Set to a number of seconds, this environment variable has the counters count for so long, on demand.</summary>
    private const string SecondsVariable = "GPUSVM_ADOPTED_SECONDS";

    private static string Seconds => Environment.GetEnvironmentVariable(SecondsVariable) ?? "2";

    [AdoptTheory]
    [InlineData("Device")]
    [InlineData("System")]
    [InlineData("Auto")]
    public Task A_list_of_malloc_is_summed_and_changed_in_place(string placement) => LiveProgram.RunAsync("adopted-list", placement);

    [AdoptTheory]
    [InlineData("128")]
    [InlineData("64")]
    public Task A_list_that_is_larger_than_the_memory_of_the_GPU_is_summed_by_turns(string videoMemoryKiB) =>
        LiveProgram.RunAsync("adopted-list", "Device", videoMemoryKiB);

    [AdoptFact]
    public Task What_cannot_be_adopted_is_refused_with_a_sentence() => LiveProgram.RunAsync("adopted-refused");

    [AdoptFact]
    public async Task No_count_is_lost_while_pages_move_both_ways()
    {
        Assert.Matches("^[1-9][0-9]* launches, ", await LiveProgram.RunAsync("adopted-counters", Seconds));
    }

    [RootTheory]
    [InlineData("adopted-refused", "no-forks")]
    public async Task Who_does_not_hear_of_forks_cannot_adopt(string program, string argument)
    {
        string[] withoutTracing = ["--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", "dotnet"];
        string path = Path.Combine(AppContext.BaseDirectory, "GpuSvm.Live.Programs.dll");
        var start = new ProcessStartInfo("/usr/bin/setpriv", [.. withoutTracing, path, program, argument]) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((0, ""), (process.ExitCode, await errors));
    }

    [AdoptFact]
    public Task Rights_that_the_app_adds_to_adopted_memory_are_taken_over() => LiveProgram.RunAsync("adopted-changes", "rights");

    [AdoptFact]
    public Task What_the_app_discards_and_unmaps_is_followed_wherever_it_is() => LiveProgram.RunAsync("adopted-changes");

    [AdoptTheory]
    [InlineData("older-first")]
    [InlineData("older-at-the-end")]
    public Task Giving_memory_back_leaves_alone_what_was_adopted_at_its_addresses_since(string scenario) =>
        LiveProgram.RunAsync("adopted-returns", scenario);

    [AdoptTheory]
    [InlineData("no-room")]
    [InlineData("no-room-at-the-end")]
    public Task What_has_no_room_at_home_stays_adopted_until_it_has(string scenario) => LiveProgram.RunAsync("adopted-returns", scenario);

    [AdoptFact]
    public async Task An_app_that_is_killed_while_its_memory_is_on_the_GPU_takes_engine_and_guard_along()
    {
        using LiveProgram app = LiveProgram.Start("adopted-returns", "killed");
        using Watched watched = await Watched.OfAsync(app);
        (int code, string errors) = await app.EndAsync();
        Assert.Equal((128 + RawCalls.SignalKill, ""), (code, errors));
        watched.DemandEnd();
    }

    [AdoptTheory]
    [InlineData("adopted-beside-other")]
    [InlineData("adopted-gap")]
    [InlineData("adopted-split")]
    public Task What_is_read_and_taken_is_what_was_adopted_and_is_mapped_still(string trap) => LiveProgram.RunAsync("traps", trap);

    [AdoptFact]
    public Task A_read_of_a_page_that_is_unmapped_before_it_is_answered_goes_on() =>
        LiveProgram.RunAsync("traps", "adopted-unmapped-under-a-read");

    [AdoptFact]
    public Task What_cannot_be_read_is_a_failure_of_the_engine() => LiveProgram.RunAsync("traps", "adopted-unreadable");

    [AdoptFact]
    public async Task A_failure_of_the_engine_ends_the_app()
    {
        using LiveProgram app = LiveProgram.Start("adopted-changes", "unreadable");
        (int code, string errors) = await app.EndAsync();
        Assert.Equal(128 + RawCalls.SignalKill, code);
        Assert.Contains("the engine ended unexpectedly", errors, StringComparison.Ordinal);
    }

    [AdoptFact]
    public Task The_end_of_a_session_makes_room_for_adopted_memory_by_what_else_ends() =>
        LiveProgram.RunAsync("adopted-returns", "room-by-buffers");

    [AdoptFact]
    public Task A_child_has_the_values_of_its_fork_while_pages_move_both_ways() => LiveProgram.RunAsync("adopted-forks", Seconds);

    [AdoptFact]
    public Task Counts_are_lost_when_pages_are_read_that_may_still_be_written() =>
        LiveProgram.DemandFailureAsync("adopted-read-unprotected", "counts of ", "adopted-counters", "1");
}
