using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Sessions;

/// <summary>No system memory is left for a page.</summary>
public sealed class NoRoomTests
{
    /// <summary>SIGABRT: what .NET makes of a SIGBUS in managed code.</summary>
    private const int EndedByRuntime = 128 + 6;

    [LiveFact]
    public async Task A_system_call_on_a_page_that_cannot_come_home_is_EFAULT_and_the_session_goes_on()
    {
        using LiveProgram app = LiveProgram.Start("no-room", "call");
        (int code, string errors) = await app.EndAsync();
        Assert.True(code == 0, $"exit code {code}\n{errors}");
        string[] lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Matches("^gpusvm: a (read|write) at 0x[0-9a-f]+ could not be served \\(ENOMEM\\) and ends with SIGBUS$", line));
    }

    [LiveFact]
    public async Task A_load_from_a_page_that_cannot_come_home_is_a_bus_error_and_one_line()
    {
        using LiveProgram app = LiveProgram.Start("no-room", "load");
        using Watched watched = await Watched.OfAsync(app);
        (int code, string errors) = await app.EndAsync();
        watched.DemandEnd();
        Assert.True(code == EndedByRuntime, $"exit code {code}\n{errors}");
        Assert.Equal(
            [$"gpusvm: a read at 0x{watched.Address:x} could not be served (ENOMEM) and ends with SIGBUS"],
            errors.Split('\n').Where(line => line.StartsWith("gpusvm:", StringComparison.Ordinal)));
    }
}
