using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace GpuSvm;

/// <summary>Runs the built tool in a process of its own, as a user does.</summary>
internal static partial class Tool
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(9);

    /// <summary>Path of a file in the folder <c>data</c> of the repository.</summary>
    public static string Data(string name) => Path.Combine(RepositoryRoot(), "data", name);

    /// <summary>Runs the tool to its end.</summary>
    public static async Task<ToolResult> RunAsync(params string[] arguments) =>
        await StartAsync("dotnet", Started(arguments));

    /// <summary>Runs the tool as on a computer that has no userfaultfd.</summary>
    public static async Task<ToolResult> RunWithoutUserfaultAsync(params string[] arguments) =>
        await RunWithAsync("GPUSVM_NO_USERFAULTFD=1", arguments);

    /// <summary>Runs the tool with a variable of its environment set, as <c>NAME=VALUE</c>.</summary>
    public static async Task<ToolResult> RunWithAsync(string variable, params string[] arguments) =>
        await StartAsync("env", [variable, DotnetPath(), .. Started(arguments)]);

    /// <summary>Runs the tool with <c>--json</c>, expects success, and reads the document.</summary>
    public static async Task<JsonElement> RunJsonAsync(params string[] arguments)
    {
        ToolResult result = await RunAsync([.. arguments, "--json"]);
        Assert.True(result.ExitCode == 0, $"exit code {result.ExitCode}: {result.Error}");
        Assert.Equal("", result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }

    /// <summary>Runs a workload on a simulated machine.</summary>
    public static Task<ToolResult> SimulateAsync(params string[] arguments) => RunAsync(["run", .. arguments, "--simulate"]);

    /// <summary>Runs a workload on a simulated machine with <c>--json</c>, expects success, and reads the document.</summary>
    public static Task<JsonElement> SimulateJsonAsync(params string[] arguments) => RunJsonAsync(["run", .. arguments, "--simulate"]);

    /// <summary>Runs a program of the system in the locale C.UTF-8.</summary>
    public static async Task<ToolResult> StartAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using Process process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
        Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return new ToolResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{program} {string.Join(' ', arguments)}' did not end within {Limit}.", late);
        }
    }

    private static string[] Started(string[] arguments) => [Path.Combine(AppContext.BaseDirectory, "GpuSvm.Cli.dll"), .. arguments];

    private static string DotnetPath() => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    private static string RepositoryRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "GpuSvm.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("No GpuSvm.slnx above the test assembly.");
        }

        return folder;
    }
}
