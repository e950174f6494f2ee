using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Traps;

/// <summary>The engine's part on a real userfaultfd, step by step: orders of events that happen once in a million faults.</summary>
public sealed class TrapTests
{
    private const int EndedBySigbus = 128 + 7;

    [LiveFact]
    public Task A_fault_that_was_put_off_is_served_with_the_rights_that_its_page_has_by_then() => HoldsAsync("late-continue");

    [LiveFact]
    public Task A_fault_served_late_with_the_rights_of_its_beginning_is_caught() =>
        IsCaughtAsync("late-continue", "continue-late", "FAILED: the page is write-protected");

    [LiveFact]
    public Task A_page_that_a_stray_touch_filled_is_zero_for_its_next_user() => HoldsAsync("stray-touch");

    [LiveFact]
    public Task A_frame_that_is_taken_as_it_was_found_is_caught() =>
        IsCaughtAsync("stray-touch", "frame-not-cleared", "FAILED: byte loaded: expected 0, found 238");

    [LiveFact]
    public Task A_store_that_waits_at_a_write_protected_page_goes_on_when_the_page_is_discarded() => HoldsAsync("woken-by-hole");

    [LiveFact]
    public Task A_mark_of_write_protection_that_nobody_set_is_lifted_by_the_store_that_meets_it() => HoldsAsync("stale-mark");

    [LiveFact]
    public Task A_hole_that_the_app_punched_reads_as_zero_before_and_after_it_is_acted_on() => HoldsAsync("apps-hole");

    [LiveFact]
    public Task A_fault_that_was_put_off_is_asked_for_again_without_a_new_message() => HoldsAsync("deferred");

    [LiveFact]
    public Task Two_faults_of_one_page_both_succeed_and_the_second_gives_no_right() => HoldsAsync("same-page");

    [LiveFact]
    public Task A_fault_that_a_signal_repeats_is_served_once() => HoldsAsync("signals");

    [LiveFact]
    public Task A_drain_ends_when_all_that_was_read_is_acted_on_and_the_next_buffer_takes_the_place() => HoldsAsync("in-order");

    [LiveFact]
    public Task Write_protection_reads_the_event_that_it_is_put_off_for() => HoldsAsync("protect-reads");

    [LiveFact]
    public Task Write_protection_reaches_the_pages_behind_a_gap() => HoldsAsync("protect-gap");

    [LiveFact]
    public Task Write_protection_reaches_the_pages_behind_other_memory() => HoldsAsync("protect-replaced");

    [LiveFact]
    public Task Access_that_is_revoked_waits_and_finds_the_bytes_when_it_is_given_back() => HoldsAsync("revoke");

    [LiveFact]
    public Task Rights_that_the_app_adds_are_taken_over_for_its_whole_mapping_at_once() => HoldsAsync("grown-rights");

    [LiveFact]
    public Task An_access_without_memory_is_ended_once_whoever_waits_for_it() => HoldsAsync("no-memory");

    [LiveFact]
    public Task An_access_to_what_the_engine_has_not_mapped_is_ended_though_its_page_is_marked() => HoldsAsync("no-mapping");

    [LiveFact]
    public Task An_access_without_memory_is_ended_though_its_page_is_marked() => HoldsAsync("no-memory-marked");

    [LiveFact]
    public Task A_buffer_that_came_into_a_hole_before_its_unmapping_was_told_stays() => HoldsAsync("unmap-over-another");

    [LiveFact]
    public Task A_buffer_that_an_earlier_unmapping_takes_is_caught() =>
        IsCaughtAsync("unmap-over-another", "unmapped-unseen", "FAILED: mappings, and pages of both: expected (1, 2, 0), found (0, 0, 0)");

    [LiveFact]
    public Task A_page_that_has_moved_is_protected_where_it_is_before_the_move_is_acted_on() => HoldsAsync("protect-moved");

    [LiveFact]
    public Task A_page_that_is_protected_where_it_was_is_caught() => IsCaughtAsync(
        "protect-moved", "moved-page-unprotected", "FAILED: the page is protected where it is");

    [LiveFact]
    public Task A_fault_beside_a_move_gives_no_right_that_the_moved_page_has_not() => HoldsAsync("beside-a-move");

    [LiveFact]
    public Task A_fault_beside_a_move_that_is_served_at_once_is_caught() => IsCaughtAsync(
        "beside-a-move", "entered-beside-a-change", "FAILED: a fault beside a change is put off: expected EAGAIN, found None");

    [LiveFact]
    public Task A_page_is_protected_in_a_child_before_the_fork_is_acted_on() => HoldsAsync("protect-forked");

    [LiveFact]
    public Task A_child_that_may_go_on_storing_is_caught() =>
        IsCaughtAsync("protect-forked", "forked-page-unprotected", "FAILED: the page is protected in the child");

    [LiveFact]
    public async Task An_access_that_is_ended_is_a_bus_error()
    {
        using LiveProgram program = LiveProgram.Start("traps", "signal");
        (int code, string errors) = await program.EndAsync();
        Assert.True(code == EndedBySigbus, $"exit code {code}\n{errors}");
    }

    private static Task HoldsAsync(string scenario) => LiveProgram.RunAsync("traps", scenario);

    private static async Task IsCaughtAsync(string scenario, string breakName, string message)
    {
        using LiveProgram program = LiveProgram.Start(new Dictionary<string, string> { ["GPUSVM_BREAK"] = breakName }, "traps", scenario);
        (int code, string errors) = await program.EndAsync();
        Assert.Equal((1, message), (code, errors.Trim()));
    }
}
