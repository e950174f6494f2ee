using System.Diagnostics;
using System.Globalization;

namespace GpuSvm.Litmus.Tests;

/// <summary>A litmus program in a process of its own, in which one barrier may be left out.</summary>
internal static class LitmusRun
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    /// <summary>Runs a program until its threads have met <paramref name="rounds"/> times or something forbidden was seen.</summary>
    /// <param name="program">A program by name.</param>
    /// <param name="rounds">How many meetings.</param>
    /// <param name="leftOut">One of <see cref="LeftOutBarriers.Names"/>, or null for the production code as it is.</param>
    /// <returns>The exit code: 0 for nothing forbidden, 1 for something; with what the process wrote.</returns>
    public static (int ExitCode, string Output) Start(string program, long rounds, string? leftOut = null)
    {
        string seed = Random.Shared.Next().ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo("dotnet", [typeof(LitmusRun).Assembly.Location, program, rounds.ToString(CultureInfo.InvariantCulture), seed])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The rounds that count are those of compiled code; and a collection stops both threads.
        start.Environment["DOTNET_TieredCompilation"] = "0";
        start.Environment["DOTNET_GCgen0size"] = "0x4000000";
        start.Environment.Remove("GPUSVM_LEAVE_OUT");
        if (leftOut is not null)
        {
            start.Environment["GPUSVM_LEAVE_OUT"] = leftOut;
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            return (-1, $"{program} ran longer than {Limit}");
        }

        return (process.ExitCode, $"{program} {rounds} {seed}: {output.Result}{errors.Result}");
    }
}
