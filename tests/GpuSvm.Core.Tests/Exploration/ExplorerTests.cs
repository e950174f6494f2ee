namespace GpuSvm.Core.Tests.Exploration;

public sealed class ExplorerTests
{
    [Theory]
    [InlineData("lost-update", "Exception: Invariant broken: No update is lost.")]
    [InlineData("invariant", "Invariant: Left is never ahead of right.")]
    [InlineData("lost-wake-up", "Deadlock: No thread can go on: waiter waits for a wake-up.")]
    [InlineData("starved", "Starvation: No thread could go on but by deadlines, for 1199 ms: poller waits for an event.")]
    [InlineData("spin-forever", "StepLimit: The schedule has not ended after 20000 steps.")]
    [InlineData("thread-fails", "Exception: Thread 'inner' ended with an exception. (inner failed)")]
    [InlineData("rank", "Exception: Invariant broken: A lock of rank Block is taken while one of rank Page is held: ranks must rise.")]
    public void What_is_wrong_is_found_by_random_choice_and_by_priorities(string scenario, string found)
    {
        Assert.Equal([found], ExplorerProgram.Run("random", scenario, 500));
        Assert.Equal([found], ExplorerProgram.Run("pct", scenario, 500));
    }

    [Theory]
    [InlineData("locked-update")]
    [InlineData("condition")]
    [InlineData("sequence")]
    [InlineData("work-queue")]
    [InlineData("event")]
    [InlineData("patient")]
    [InlineData("shared")]
    [InlineData("try-shared")]
    [InlineData("task")]
    [InlineData("spin")]
    public void What_is_right_is_clean(string scenario)
    {
        Assert.Equal(["clean: 500"], ExplorerProgram.Run("random", scenario, 500));
        Assert.Equal(["clean: 500"], ExplorerProgram.Run("pct", scenario, 500));
    }

    /// <summary>Two threads of three steps each: 6! / (3! 3!) = 20 orders.</summary>
    [Fact]
    public void Every_order_of_a_tiny_scenario_is_run_once() => Assert.Equal(
        ["done: 20 schedules, 20 distinct, 12 failed, bounded: False"], ExplorerProgram.Run("exhaustive", "lost-update", 1000));

    [Theory]
    [InlineData("locked-update", 122)]
    [InlineData("condition", 35)]
    [InlineData("try-shared", 29)]
    public void What_is_right_is_clean_in_every_order(string scenario, int orders) => Assert.Equal(
        [$"done: {orders} schedules, {orders} distinct, 0 failed, bounded: False"], ExplorerProgram.Run("exhaustive", scenario, 1000));

    [Fact]
    public void A_lost_wake_up_is_found_in_the_orders_that_lose_it() => Assert.Equal(
        ["done: 28 schedules, 28 distinct, 2 failed, bounded: False"], ExplorerProgram.Run("exhaustive", "lost-wake-up", 1000));

    [Theory]
    [InlineData("shared", 68)]
    [InlineData("spin", 332)]
    [InlineData("event", 14)]
    [InlineData("work-queue", 311)]
    public void Larger_scenarios_end_under_a_bound_on_preemptions(string scenario, int orders) => Assert.Equal(
        [$"done: {orders} schedules, {orders} distinct, 0 failed, bounded: True"], ExplorerProgram.Run("exhaustive", scenario, 1));

    [Fact]
    public void A_failing_schedule_is_shrunk_to_the_switches_that_it_needs()
    {
        string[] lines = ExplorerProgram.Run("show", "lost-update", 500);
        Assert.Equal("True", lines[0]);
        Assert.Equal(
            ["word", "word", "word", "word", "thread", "thread", "Invariant"],
            lines.Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .First(part => part is "word" or "thread" or "Invariant")));
        Assert.Equal(4, lines.Count(line => line.Contains("SharedWord.cs:", StringComparison.Ordinal)));
        Assert.Equal("Exception: Invariant broken: No update is lost.", lines[^1]);
    }

    [Fact]
    public void A_long_interleaving_is_folded_to_twenty_lines()
    {
        string[] lines = ExplorerProgram.Run("show", "both-spin-forever", 1);
        Assert.Equal("True", lines[0]);
        Assert.InRange(lines.Length - 1, 2, 20);
        Assert.Equal("StepLimit: The schedule has not ended after 20000 steps.", lines[^1]);
    }

    [Fact]
    public void A_deadlock_by_lock_order_names_who_waits_for_what()
    {
        string found = Assert.Single(ExplorerProgram.RunUnchecked("random", "lock-cycle", 500));
        Assert.StartsWith("Deadlock: No thread can go on: ", found);
        Assert.Contains("down waits for a lock of rank Page, held by up", found);
        Assert.Contains("up waits for a lock of rank Block, held by down", found);
    }

    /// <summary>Two threads wait a second and a thousand; the process would be ended long before.</summary>
    [Fact]
    public void Deadlines_pass_on_virtual_time() => Assert.Equal(["clean: 1000"], ExplorerProgram.Run("random", "deadline", 1000));

    [Fact]
    public void A_seed_means_the_same_schedule_in_every_process() =>
        Assert.Equal(ExplorerProgram.Run("hash", "wide", 7), ExplorerProgram.Run("hash", "wide", 7));

    [Fact]
    public void Seeds_mean_different_schedules() => Assert.Equal(["1000"], ExplorerProgram.Run("distinct", "wide", 1000));

    [Theory]
    [InlineData("wide")]
    [InlineData("work-queue")]
    [InlineData("lost-wake-up")]
    [InlineData("spin")]
    public void The_turns_of_a_schedule_replay_it(string scenario) =>
        Assert.Equal(["300"], ExplorerProgram.Run("replay", scenario, 300));

    [Theory]
    [InlineData("lost-wake-up")]
    [InlineData("lost-update")]
    [InlineData("spin-forever")]
    public void Aborted_schedules_leave_the_process_usable_and_threads_are_used_again(string scenario) => Assert.Equal(
        ["failed: True, clean: 50, usable: True, threads: 2"], ExplorerProgram.Run("after-failures", scenario, 50));

    [Fact]
    public void A_thread_that_cannot_be_unwound_makes_the_process_unusable() =>
        Assert.Equal(["StepLimit, usable: False"], ExplorerProgram.Run("once", "stubborn", 1));
}
