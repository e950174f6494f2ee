using System.Diagnostics;

namespace GpuSvm.Live.Tests.Infrastructure;

/// <summary>Runs a program of GpuSvm.Live.Programs in a process of its own, under a watchdog that kills it.</summary>
internal sealed class LiveProgram : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(120);
    private readonly Task<string> _errors;

    private LiveProgram(Process process)
    {
        Process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The process.</summary>
    public Process Process { get; }

    /// <summary>What the program writes.</summary>
    public StreamReader Output => Process.StandardOutput;

    /// <summary>Starts a program.</summary>
    /// <param name="arguments">Its name, and what follows.</param>
    public static LiveProgram Start(params string[] arguments) => Start(new Dictionary<string, string>(), arguments);

    /// <summary>Starts a program with variables in its environment.</summary>
    public static LiveProgram Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        StartAssembly("GpuSvm.Live.Programs.dll", environment, arguments);

    /// <summary>Starts another assembly beside this one.</summary>
    public static LiveProgram StartAssembly(string assembly, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, assembly);
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["GPUSVM_CHECKS"] = "1";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return new LiveProgram(Process.Start(start)!);
    }

    /// <summary>Runs a program to its end; fails unless it says that all held.</summary>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        using LiveProgram program = Start(arguments);
        Task<string> output = program.Output.ReadToEndAsync();
        (int code, string errors) = await program.EndAsync();
        Assert.True(code == 0, $"exit code {code}\n{await output}{errors}");
        return await output;
    }

    /// <summary>Waits for the end of the program; kills it at the watchdog's limit.</summary>
    /// <returns>Its exit code – 128 and the signal's number for one that was killed – and what it wrote as errors.</returns>
    public async Task<(int Code, string Errors)> EndAsync()
    {
        using var limit = new CancellationTokenSource(Watchdog);
        try
        {
            await Process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException late)
        {
            Process.Kill(entireProcessTree: true);
            throw new TimeoutException($"The program did not end within {Watchdog}.\n{await _errors}", late);
        }

        return (Process.ExitCode, await _errors);
    }

    /// <summary>Reads a line that the program writes.</summary>
    public async Task<string> ReadLineAsync()
    {
        using var limit = new CancellationTokenSource(Watchdog);
        return await Output.ReadLineAsync(limit.Token)
            ?? throw new InvalidOperationException($"The program ended instead of writing a line.\n{await _errors}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);
        }

        Process.Dispose();
    }
}
