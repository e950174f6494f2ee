using System.Diagnostics;

namespace GpuSvm.Docs.Tests.Infrastructure;

/// <summary>A program run to its end.</summary>
internal static class ChildProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    /// <summary>Runs <c>dotnet</c> and returns its exit code with all that it wrote.</summary>
    public static Task<(int ExitCode, string Output, string Error)> DotnetAsync(string folder, params string[] arguments) =>
        DotnetAsync(folder, new Dictionary<string, string>(), arguments);

    /// <summary>The same, with variables in the environment.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> DotnetAsync(
        string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        string dotnet = Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";
        ProcessStartInfo start = Captured(folder, dotnet, arguments);

        // No build server may outlive the test, and nothing of the surrounding build may leak into the child's.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["DOTNET_NOLOGO"] = "1";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        return await RunAsync(start);
    }

    /// <summary>Runs any program on PATH.</summary>
    public static Task<(int ExitCode, string Output, string Error)> ProgramAsync(string folder, string program, params string[] arguments) =>
        RunAsync(Captured(folder, program, arguments));

    private static ProcessStartInfo Captured(string folder, string program, string[] arguments) => new(program, arguments)
    {
        WorkingDirectory = folder,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(ProcessStartInfo start)
    {
        using Process process = Process.Start(start)!;
        using var late = new CancellationTokenSource(Limit);
        Task<string> output = process.StandardOutput.ReadToEndAsync(late.Token);
        Task<string> error = process.StandardError.ReadToEndAsync(late.Token);
        try
        {
            await process.WaitForExitAsync(late.Token);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{start.FileName} {string.Join(' ', start.ArgumentList)} ran longer than {Limit}.", e);
        }
    }
}
