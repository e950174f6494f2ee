using GpuSvm.Live.Programs.Infrastructure;
using GpuSvm.Live.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Tests.Sessions;

/// <summary>Children made by fork(2) share the heap, wherever its pages are, and leave nothing behind.</summary>
public sealed class ForkTests
{
    [LiveTheory]
    [InlineData("shares")]
    [InlineData("unmaps")]
    [InlineData("outlives-mapping")]
    [InlineData("moves")]
    [InlineData("discards")]
    [InlineData("counts")]
    [InlineData("is-killed")]
    [InlineData("execs")]
    [InlineData("forks")]
    public Task A_child_shares_the_heap_in_system_memory(string child) => LiveProgram.RunAsync("forking", child);

    [LiveTheory]
    [InlineData("exits", "system")]
    [InlineData("exits", "device")]
    [InlineData("disposes", "system")]
    [InlineData("disposes", "device")]
    public async Task A_child_that_outlives_the_app_keeps_its_memory(string end, string place)
    {
        using LiveProgram app = LiveProgram.Start("orphaning", end, place);
        using Watched watched = await Watched.OfAsync(app);
        Assert.Equal((0, ""), await app.EndAsync());
        watched.DemandEnd();
        Assert.Equal("right\n", await app.RestAsync());
    }

    [LiveTheory]
    [InlineData("system")]
    [InlineData("device")]
    public async Task A_child_of_an_app_whose_engine_is_killed_is_killed_too(string place)
    {
        using LiveProgram app = LiveProgram.Start("orphaning", "stays", place);
        using Watched watched = await Watched.OfAsync(app);
        using SafeFileHandle child = ProcessFile.Open(watched.Ids[2]);
        RawCalls.Signal(watched.EngineId, RawCalls.SignalKill);
        watched.DemandEnd();
        Assert.Equal(1, PollSet.Wait([child], TimeSpan.FromSeconds(30), new bool[1]));
        (int code, string errors) = await app.EndAsync();
        Assert.Equal(128 + RawCalls.SignalKill, code);
        Assert.Contains("the engine ended unexpectedly", errors, StringComparison.Ordinal);
        Assert.Equal("", await app.RestAsync());
    }

    [LiveTheory]
    [InlineData("shares")]
    [InlineData("unmaps")]
    [InlineData("outlives-mapping")]
    [InlineData("moves")]
    [InlineData("discards")]
    [InlineData("counts")]
    [InlineData("is-killed")]
    [InlineData("execs")]
    [InlineData("forks")]
    public Task A_child_shares_the_heap_in_the_memory_of_the_GPU(string child) => LiveProgram.RunAsync("forking", child, "device");
}
