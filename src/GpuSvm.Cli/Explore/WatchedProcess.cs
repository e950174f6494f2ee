using System.Diagnostics;
using System.Globalization;

namespace GpuSvm.Cli.Explore;

/// <summary>Reads what a process prints, and ends the process if it hangs.</summary>
internal static class WatchedProcess
{
    /// <summary>Waits for a process to end and gives the lines that it printed.</summary>
    /// <param name="process">Started, with its output and errors redirected.</param>
    /// <param name="what">What it does, for messages.</param>
    /// <param name="silence">How long it may print nothing.</param>
    /// <exception cref="SvmException">ETIMEDOUT: it was silent too long, and has been ended. EIO: it failed.</exception>
    public static async Task<IReadOnlyList<string>> ReadLinesAsync(Process process, string what, TimeSpan silence)
    {
        var lines = new List<string>();
        using var limit = new CancellationTokenSource();
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
            limit.CancelAfter(silence);
            while (await process.StandardOutput.ReadLineAsync(limit.Token).ConfigureAwait(false) is { } line)
            {
                lines.Add(line);
                limit.CancelAfter(silence);
            }

            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return process.ExitCode == ExitCodes.Success
                ? lines
                : throw new SvmException(Errno.EIO, $"A process that {what} failed: {(await errors.ConfigureAwait(false)).Trim()}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new SvmException(Errno.ETIMEDOUT, string.Create(
                CultureInfo.InvariantCulture, $"A process that {what} hung: it printed nothing for {silence.TotalSeconds} s and was ended."));
        }
    }
}
