using System.Diagnostics;

namespace GpuSvm.Mutate.Killers;

/// <summary>Runs a program to its end.</summary>
public static class ChildRun
{
    /// <summary>Runs a program.</summary>
    /// <param name="folder">Where it runs.</param>
    /// <param name="cpus">The CPUs that it runs on, as a mask; 0 for all.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="end">Ends it, with all that it has started.</param>
    public static async Task<ChildResult> RunAsync(string folder, nint cpus, IReadOnlyList<string> command, CancellationToken end)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["DOTNET_NOLOGO"] = "1";

        // Processes this short never get the time back that profiling for better code takes.
        start.Environment["DOTNET_TieredPGO"] = "0";
        using Process process = Process.Start(start)!;
        if (cpus != 0 && OperatingSystem.IsLinux() && !process.HasExited)
        {
            // The host has just begun: all threads of the runtime, and the processes that it starts, come later and inherit this.
            process.ProcessorAffinity = cpus;
        }

        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(end).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            return new ChildResult(null, "");
        }

        return new ChildResult(process.ExitCode, await output.ConfigureAwait(false) + await error.ConfigureAwait(false));
    }
}
