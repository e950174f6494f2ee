using GpuSvm.Live.Tests.Infrastructure;

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
