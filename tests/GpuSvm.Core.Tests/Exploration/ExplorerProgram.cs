using System.Diagnostics;
using System.Globalization;

namespace GpuSvm.Core.Tests.Exploration;

/// <summary>Runs GpuSvm.ExplorerPrograms in a process whose threads can be explored.</summary>
internal static class ExplorerProgram
{
    /// <summary>What the program wrote, line by line.</summary>
    public static string[] Run(string verb, string scenario, int number) => Run(verb, scenario, number, lockOrderChecked: "1");

    /// <summary>What the program wrote in a process that does not check the order of locks.</summary>
    public static string[] RunUnchecked(string verb, string scenario, int number) => Run(verb, scenario, number, lockOrderChecked: "0");

    private static string[] Run(string verb, string scenario, int number, string lockOrderChecked)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "GpuSvm.ExplorerPrograms.dll"));
        start.ArgumentList.Add(verb);
        start.ArgumentList.Add(scenario);
        start.ArgumentList.Add(number.ToString(CultureInfo.InvariantCulture));
        start.Environment["GPUSVM_EXPLORE"] = "1";
        start.Environment["GPUSVM_CHECKS"] = lockOrderChecked;
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{verb} {scenario} does not end.");
        }

        Assert.True(process.ExitCode == 0, errors.Result);
        return output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
