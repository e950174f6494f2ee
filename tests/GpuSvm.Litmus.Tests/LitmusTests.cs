namespace GpuSvm.Litmus.Tests;

/// <summary>The lock-free protocols on two real processors: never what they forbid, and each barrier that is left out shows.</summary>
/// <remarks>How many meetings a control needs stands in README.md; the bound here is 35 times the worst that was seen, and far more of what is usual.</remarks>
public sealed class LitmusTests
{
    private const long Caught = 500_000;

    [TwoCoresTheory]
    [InlineData("access-vs-flush", 5_000)]
    [InlineData("fill-vs-drop", 100_000)]
    [InlineData("running-vs-flush", 50_000)]
    [InlineData("first-run-vs-flush", 8_000)]
    [InlineData("walk-vs-map", 30_000)]
    [InlineData("fault-entry-vs-put", 50_000)]
    [InlineData("leaf-vs-walk", 50_000)]
    [InlineData("ordered-message", 50_000)]
    public void The_production_code_never_shows_what_is_forbidden(string program, long rounds)
    {
        (int exitCode, string output) = LitmusRun.Start(program, rounds);

        Assert.True(exitCode == 0, output);
    }

    [TwoCoresTheory]
    [InlineData("access-vs-flush", "access")]
    [InlineData("access-vs-flush", "access-of-others")]
    [InlineData("fill-vs-drop", "fill")]
    [InlineData("running-vs-flush", "running")]
    [InlineData("first-run-vs-flush", "first-run")]
    public void A_barrier_that_is_left_out_shows(string program, string leftOut)
    {
        (int exitCode, string output) = LitmusRun.Start(program, Caught, leftOut);

        Assert.True(exitCode == 1, output);
    }

    [Fact]
    public void Every_barrier_that_can_be_left_out_has_a_control()
    {
        object[][] controls = [.. typeof(LitmusTests).GetMethod(nameof(A_barrier_that_is_left_out_shows))!
            .GetCustomAttributes(typeof(InlineDataAttribute), inherit: false).Cast<InlineDataAttribute>().Select(data => data.GetData(null!).Single())];

        Assert.Equal(LeftOutBarriers.Names, controls.Select(row => (string)row[1]));
    }

    [TwoCoresFact]
    public void A_message_that_is_not_read_in_order_shows_by_what_the_compiler_does()
    {
        (int exitCode, string output) = LitmusRun.Start("plain-message", Caught);

        Assert.True(exitCode == 1, output);
    }

    [WeakOrderFact]
    public void A_message_that_is_not_read_in_order_shows_by_what_the_processor_does()
    {
        (int exitCode, string output) = LitmusRun.Start("unpeeked-message", Caught);

        Assert.True(exitCode == 1, output);
    }

    [Fact]
    public void A_program_or_a_barrier_that_is_not_known_is_told()
    {
        Assert.Equal(2, LitmusRun.Start("no-such-program", 1).ExitCode);
        Assert.Equal(2, LitmusRun.Start("fill-vs-drop", 1, "no-such-barrier").ExitCode);
    }
}
