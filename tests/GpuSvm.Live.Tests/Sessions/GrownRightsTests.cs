using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Sessions;

public sealed class GrownRightsTests
{
    [LiveFact]
    public Task Stores_to_memory_that_the_app_made_writable_itself_are_served() => LiveProgram.RunAsync("grown-rights");
}
