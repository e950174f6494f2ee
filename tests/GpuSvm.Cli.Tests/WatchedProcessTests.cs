using System.Diagnostics;
using GpuSvm.Cli.Explore;

namespace GpuSvm.Cli.Tests;

public sealed class WatchedProcessTests
{
    [Fact]
    public async Task What_a_process_printed_is_given_line_by_line() =>
        Assert.Equal(["one", "two"], await WatchAsync("echo one; echo two", TimeSpan.FromMinutes(1)));

    [Fact]
    public async Task A_process_that_fails_is_told_with_its_errors()
    {
        SvmException failed = await Assert.ThrowsAsync<SvmException>(() => WatchAsync("echo no such race >&2; exit 3", TimeSpan.FromMinutes(1)));
        Assert.Equal((Errno.EIO, "A process that waits failed: no such race (EIO)"), (failed.Error, failed.Message));
    }

    [Fact]
    public async Task A_process_that_hangs_is_ended_and_told()
    {
        SvmException hung = await Assert.ThrowsAsync<SvmException>(() => WatchAsync("echo one; exec sleep 1000", TimeSpan.FromSeconds(2)));
        Assert.Equal((Errno.ETIMEDOUT, "A process that waits hung: it printed nothing for 2 s and was ended. (ETIMEDOUT)"), (hung.Error, hung.Message));
    }

    private static async Task<IReadOnlyList<string>> WatchAsync(string script, TimeSpan silence)
    {
        var start = new ProcessStartInfo("sh", ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        try
        {
            return await WatchedProcess.ReadLinesAsync(process, "waits", silence);
        }
        finally
        {
            await process.WaitForExitAsync();
        }
    }
}
