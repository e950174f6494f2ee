using GpuSvm.Live.Programs.Infrastructure;
using GpuSvm.Live.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Tests.Sessions;

/// <summary>What a process may do behind the session's back, and what becomes of it: the table of docs/live.md.</summary>
public sealed class LimitTests
{
    private const int SegmentationFault = 11;

    [LiveFact]
    public Task An_app_cannot_change_the_size_of_a_buffer_and_what_else_it_does_to_the_file_concerns_that_buffer_alone() =>
        LiveProgram.RunAsync("behind-the-back");

    [LiveFact]
    public async Task Engine_and_guard_end_with_the_app_though_a_forked_child_holds_its_sockets()
    {
        using LiveProgram app = LiveProgram.Start("forked");
        using Watched watched = await Watched.OfAsync(app);
        using SafeFileHandle child = ProcessFile.Open(watched.Ids[2]);
        try
        {
            Assert.Equal((0, ""), await app.EndAsync());
            watched.DemandEnd();
            Assert.Equal(0, PollSet.Wait([child], TimeSpan.Zero, new bool[1]));
        }
        finally
        {
            ProcessFile.Kill(child);
        }
    }

    [LiveFact]
    public async Task Memory_that_the_app_made_read_only_is_so_for_the_CPU_alone()
    {
        using LiveProgram app = LiveProgram.Start("shrunk-rights");
        Assert.Equal("8 3", await app.ReadLineAsync());
        (int code, _) = await app.EndAsync();
        Assert.Equal(128 + SegmentationFault, code);
        Assert.Equal("", await app.RestAsync());
    }

    [LiveFact]
    public async Task An_app_that_handles_signals_to_its_group_keeps_its_engine_and_its_guard()
    {
        using LiveProgram app = LiveProgram.Start("group-signalled");
        (int code, string errors) = await app.EndAsync();
        Assert.Equal((0, ""), (code, errors));
    }

    [LiveFact]
    public async Task A_program_that_the_app_becomes_lives_on_without_engine_and_guard()
    {
        using LiveProgram app = LiveProgram.Start("execs");
        using Watched watched = await Watched.OfAsync(app);
        watched.DemandEnd();
        Assert.Equal((0, ""), await app.EndAsync());
        Assert.Equal("it was not killed\n", await app.RestAsync());
    }
}
