using System.Diagnostics;
using System.Globalization;
using GpuSvm.Core;

namespace GpuSvm.Controls;

/// <summary>Runs a scenario in a process of its own, with or without a mutation of the production code.</summary>
/// <remarks>
/// A test project that references GpuSvm.Controls has its assembly beside its own, in the same configuration:
/// <code>
/// Assert.Equal(Verdict.Clean, BrokenControl.Run("translation-cache").Verdict);
/// Assert.Equal(Verdict.Caught, BrokenControl.Run("translation-cache", "fill-not-rechecked").Verdict);
/// </code>
/// </remarks>
public static class BrokenControl
{
    /// <summary>How long a scenario looks when nothing should be wrong.</summary>
    private static readonly TimeSpan CleanLook = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongCleanLook = TimeSpan.FromSeconds(10);

    /// <summary>How long a scenario looks for a defect that is there; it stops at the first sight of it.</summary>
    private static readonly TimeSpan BrokenLook = TimeSpan.FromSeconds(60);

    /// <summary>What the process may need beyond that to start and to end, on a busy machine.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(40);

    /// <summary>Runs a scenario on the production code as it is; longer, where a busy machine did not get far enough to say anything.</summary>
    public static ControlResult Run(string scenario)
    {
        ControlResult result = Run(scenario, breakName: null, CleanLook, Grace);
        return result.Verdict == Verdict.Inconclusive ? Run(scenario, breakName: null, LongCleanLook, Grace) : result;
    }

    /// <summary>Runs a scenario with one mutation switched on.</summary>
    /// <param name="scenario">Name of the scenario.</param>
    /// <param name="breakName">One of <see cref="Breaks.Names"/>.</param>
    public static ControlResult Run(string scenario, string breakName) => Run(scenario, breakName, BrokenLook, Grace);

    /// <summary>Runs a scenario with times of the caller's choice.</summary>
    /// <param name="scenario">Name of the scenario.</param>
    /// <param name="breakName">One of <see cref="Breaks.Names"/>, or null for the production code as it is.</param>
    /// <param name="look">How long the scenario looks, in whole seconds.</param>
    /// <param name="grace">How long after that the process is killed.</param>
    public static ControlResult Run(string scenario, string? breakName, TimeSpan look, TimeSpan grace)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "GpuSvm.Controls.dll"));
        start.ArgumentList.Add(scenario);
        start.ArgumentList.Add("--seconds");
        start.ArgumentList.Add(look.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture));
        start.Environment.Remove("GPUSVM_BREAK");
        start.Environment["GPUSVM_JITTER"] = "1";
        if (breakName is not null)
        {
            start.Environment["GPUSVM_BREAK"] = breakName;
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(look + grace))
        {
            process.Kill(entireProcessTree: true);
            return new ControlResult(Verdict.TimedOut, output.Result + errors.Result);
        }

        Verdict verdict = process.ExitCode is >= 0 and <= (int)Verdict.Inconclusive ? (Verdict)process.ExitCode : Verdict.Failed;
        return new ControlResult(verdict, output.Result + errors.Result);
    }
}
