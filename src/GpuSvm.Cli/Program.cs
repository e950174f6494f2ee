using System.Reflection;
using GpuSvm.Cli.Explore;

namespace GpuSvm.Cli;

/// <summary>The entry point of <c>gpusvm</c>.</summary>
internal static class Program
{
    /// <summary>Runs the tool.</summary>
    /// <returns>0 on success, 1 if a run failed or was not verified, 2 for input that cannot be used, 3 without userfaultfd.</returns>
    private static async Task<int> Main(string[] args)
    {
        // Asked for by scripts and at every start of a shell's prompt: answered before the command line's own types are loaded.
        if (args is ["--version"])
        {
            Assembly tool = typeof(Program).Assembly;
            Console.Out.WriteLine(tool.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion);
            return ExitCodes.Success;
        }

        // A process of an exploration: nothing but the races runs in it.
        if (args is [ExploreProcess.Verb, .. string[] part])
        {
            return ExploreProcess.Work(part);
        }

        if (args is [PointsProcess.Verb, .. string[] share])
        {
            return PointsProcess.Work(share);
        }

        return await CommandLine.RunAsync(args).ConfigureAwait(false);
    }
}
