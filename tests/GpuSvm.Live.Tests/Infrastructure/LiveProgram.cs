using System.Diagnostics;

namespace GpuSvm.Live.Tests.Infrastructure;

/// <summary>Runs a program of GpuSvm.Live.Programs in a process of its own, under a watchdog that kills it.</summary>
internal sealed class LiveProgram : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(120);

    /// <summary>How long others may write after the program's end, who have inherited its streams.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(30);

    private const int MostRuns = 15;

    /// <summary>Programs that fork. A child lacks the thread that stops those of the runtime: it would wait for that for ever.</summary>
    private static readonly string[] Forking = ["adopted-forks", "forked", "forking", "orphaning", "protect-forked"];

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
        if (Forking.Contains(arguments[0]))
        {
            start.Environment["DOTNET_TieredCompilation"] = "0";
            start.Environment["DOTNET_GCgen0size"] = "20000000"; // hexadecimal: no collection
        }

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
        Task<string> output = program.RestAsync();
        (int code, string errors) = await program.EndAsync();
        Assert.True(code == 0, $"exit code {code}\n{await output}{errors}");
        return await output;
    }

    /// <summary>Runs a program with a break until it fails as it must; a race need not be lost in each run.</summary>
    /// <param name="breakName">The break.</param>
    /// <param name="failure">What it says then.</param>
    /// <param name="arguments">Its name, and what follows.</param>
    public static async Task DemandFailureAsync(string breakName, string failure, params string[] arguments)
    {
        for (int run = 0; run < MostRuns; run++)
        {
            using LiveProgram program = Start(new Dictionary<string, string> { ["GPUSVM_BREAK"] = breakName }, arguments);
            (int code, string errors) = await program.EndAsync();
            if (code != 0)
            {
                Assert.StartsWith($"FAILED: {failure}", errors, StringComparison.Ordinal);
                Assert.Equal(1, code);
                return;
            }
        }

        Assert.Fail($"'{string.Join(' ', arguments)}' holds in {MostRuns} runs with {breakName}.");
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
            throw new TimeoutException($"The program did not end within {Watchdog}.\n{await ErrorsAsync()}", late);
        }

        return (Process.ExitCode, await ErrorsAsync());
    }

    /// <summary>Reads a line that the program writes.</summary>
    public async Task<string> ReadLineAsync()
    {
        using var limit = new CancellationTokenSource(Watchdog);
        return await Output.ReadLineAsync(limit.Token)
            ?? throw new InvalidOperationException($"The program ended instead of writing a line.\n{await ErrorsAsync()}");
    }

    /// <summary>Reads what else the program writes, and those that have inherited its output.</summary>
    public Task<string> RestAsync() => WithinAsync(Watchdog + Late, Output.ReadToEndAsync(), "stdout");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);
        }

        Process.Dispose();
    }

    private Task<string> ErrorsAsync() => WithinAsync(Late, _errors, "stderr");

    private static async Task<string> WithinAsync(TimeSpan limit, Task<string> text, string name) =>
        await Task.WhenAny(text, Task.Delay(limit)) == text ? await text : $"({name} is still held open)";
}
