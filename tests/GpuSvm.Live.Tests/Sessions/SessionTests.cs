using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Sessions;

/// <summary>Whole sessions, as users see them.</summary>
public sealed class SessionTests
{
    [LiveFact]
    public Task Threads_of_the_CPU_and_the_GPU_and_the_kernel_fault_the_same_pages_at_once() => LiveProgram.RunAsync("many-threads");

    [LiveTheory]
    [InlineData("4")]
    [InlineData("1024")]
    public Task System_calls_of_64_threads_get_at_pages_that_the_GPU_takes_away(string pages) => LiveProgram.RunAsync("kernel-touches", pages);

    [LiveFact]
    public Task What_is_unmapped_is_gone_for_the_GPU_and_its_memory_is_free() => LiveProgram.RunAsync("unmapping");

    [LiveFact]
    public Task Two_thousand_mappings_leave_no_descriptor_and_no_frame() => LiveProgram.RunAsync("many-mappings");

    [LiveFact]
    public Task A_kernel_that_touches_1_page_in_1000_maps_and_costs_only_those() => LiveProgram.RunAsync("sparse");

    [LiveFact]
    public Task A_launch_that_fails_fails_alone_and_says_why() => LiveProgram.RunAsync("launch-errors");

    [LiveFact]
    public Task What_another_process_cannot_run_is_no_kernel() => LiveProgram.RunAsync("no-kernels");

    [LiveFact]
    public Task A_session_that_cannot_begin_says_why_and_leaves_no_process() => LiveProgram.RunAsync("no-session");

    [LiveFact]
    public Task The_end_of_a_session_cancels_its_launches_and_ends_engine_and_guard() => RunSilentlyAsync("disposing");

    [LiveFact]
    public Task A_session_whose_guard_is_killed_goes_on() => RunSilentlyAsync("unguarded");

    private static async Task RunSilentlyAsync(string name)
    {
        using LiveProgram program = LiveProgram.Start(name);
        Assert.Equal((0, ""), await program.EndAsync());
    }
}
