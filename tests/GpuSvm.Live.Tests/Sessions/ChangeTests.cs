using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Sessions;

/// <summary>What a process does to its mappings by plain system calls is followed, wherever the pages are.</summary>
public sealed class ChangeTests
{
    [LiveTheory]
    [InlineData("move")]
    [InlineData("move-part")]
    [InlineData("move-over")]
    [InlineData("move-to-and-fro")]
    [InlineData("keep-old")]
    [InlineData("twice")]
    [InlineData("shrink")]
    [InlineData("grow")]
    [InlineData("discard")]
    [InlineData("remove")]
    [InlineData("replace")]
    [InlineData("replace-two")]
    [InlineData("unmap-moved")]
    public Task A_change_is_followed_in_system_memory(string change) => LiveProgram.RunAsync("changing", change);

    [LiveTheory]
    [InlineData("move")]
    [InlineData("move-part")]
    [InlineData("move-over")]
    [InlineData("move-to-and-fro")]
    [InlineData("keep-old")]
    [InlineData("twice")]
    [InlineData("shrink")]
    [InlineData("grow")]
    [InlineData("discard")]
    [InlineData("remove")]
    [InlineData("replace")]
    [InlineData("replace-two")]
    [InlineData("unmap-moved")]
    public Task A_change_is_followed_in_the_memory_of_the_GPU(string change) => LiveProgram.RunAsync("changing", change, "device");
}
