using GpuSvm.Live.Programs.Infrastructure;
using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Sessions;

/// <summary>Kernels that do not end, or end their process.</summary>
public sealed class RunawayTests
{
    [LiveTheory]
    [InlineData("spins", "sequential")]
    [InlineData("spins", "parallel")]
    [InlineData("sleeps", "sequential")]
    [InlineData("sleeps", "parallel")]
    public async Task A_kernel_that_does_not_end_fails_its_launch_and_the_app_keeps_its_memory(string manner, string execution)
    {
        using LiveProgram app = LiveProgram.Start("runaway", manner, execution);
        (int code, string errors) = await app.EndAsync();
        Assert.True(code == 0, $"exit code {code}\n{errors}");
        Assert.Matches(
            "^gpusvm: kernel '[A-Za-z.]+RunawayKernels[A-Za-z.]+' ran for more than 1 s without an access, a pause or its end, in thread 3 of block 1; "
            + "the engine ends, and the app goes on without it\n$",
            errors);
    }

    [LiveFact]
    public async Task A_kernel_that_accesses_memory_now_and_then_may_run_as_long_as_it_likes()
    {
        using LiveProgram app = LiveProgram.Start("slow-kernel");
        Assert.Equal((0, ""), await app.EndAsync());
    }

    [LiveTheory]
    [InlineData("overflows")]
    [InlineData("exits")]
    [InlineData("fails")]
    public async Task A_kernel_that_ends_its_process_ends_the_app_too(string manner)
    {
        using LiveProgram app = LiveProgram.Start("ends-engine", manner);
        using Watched watched = await Watched.OfAsync(app);
        (int code, string errors) = await app.EndAsync();
        watched.DemandEnd();
        Assert.Equal(128 + RawCalls.SignalKill, code);
        Assert.Equal("", await app.RestAsync());
        Assert.Contains("gpusvm: the engine ended unexpectedly", errors, StringComparison.Ordinal);
    }
}
