using GpuSvm.Live.Tests.Infrastructure;
using Xunit.Abstractions;

namespace GpuSvm.Live.Tests.Sessions;

/// <summary>Pages of a live process in the GPU's memory and home again. 2 s each, for GPUSVM_STORM_SECONDS where that is set.</summary>
public sealed class MigrationTests(ITestOutputHelper output)
{
    private static string Seconds => Environment.GetEnvironmentVariable("GPUSVM_STORM_SECONDS") ?? "2";

    [LiveFact]
    public Task Pages_go_to_the_GPUs_memory_and_come_home_and_take_none_where_they_are_not() => LiveProgram.RunAsync("migrating");

    [LiveFact]
    public Task Of_1_page_in_1000_that_the_GPU_takes_exactly_those_are_gone() => LiveProgram.RunAsync("sparse-on-device");

    [LiveFact]
    public Task A_session_says_and_asks_of_its_pages_what_a_simulated_process_does() => LiveProgram.RunAsync("page-calls");

    [LiveFact]
    public Task Who_waits_for_the_end_of_a_timeslice_keeps_nobody_else_waiting() => LiveProgram.RunAsync("timesliced");

    [LiveTheory]
    [InlineData("125")]
    [InlineData("400")]
    public async Task Working_sets_larger_than_the_GPUs_memory_finish_right(string percent) =>
        output.WriteLine(await LiveProgram.RunAsync("oversubscribed", percent));

    [LiveTheory]
    [InlineData("native", "roomy")]
    [InlineData("native", "tight")]
    [InlineData("exclusive", "roomy")]
    [InlineData("native", "requested")]
    [InlineData("exclusive", "requested")]
    public async Task No_update_is_lost_while_pages_go_to_and_fro(string atomics, string memory) =>
        output.WriteLine(await LiveProgram.RunAsync("no-lost-update", Seconds, atomics, memory));

    [LiveTheory]
    [InlineData("copy-before-isolate", "roomy")]
    [InlineData("owner-event-skipped", "requested")]
    public Task Pages_that_are_copied_while_the_CPU_or_the_GPU_stores_to_them_lose_updates(string name, string memory) =>
        LiveProgram.DemandFailureAsync(name, "steps of ", "no-lost-update", "2", "native", memory);
}
