using System.Text.Json;
using GpuSvm.Mutate.Targets;

namespace GpuSvm.Mutate.Killers;

/// <summary>A program that may notice a mutation: it fails, crashes or hangs.</summary>
public sealed class Killer
{
    private const int Laps = 3;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly bool _isPinned;
    private readonly string[] _command;
    private readonly Func<string, string> _explain;

    private Killer(string name, string folder, bool isPinned, string[] command, Func<string, string> explain)
    {
        _isPinned = isPinned;
        Name = name;
        Folder = folder;
        _command = command;
        _explain = explain;
    }

    /// <summary>What is run, in a few words.</summary>
    public string Name { get; }

    /// <summary>The built program's folder, from the root of the checkout; it runs in a copy of it.</summary>
    public string Folder { get; }

    /// <summary>Tests of an assembly.</summary>
    public static Killer OfTests(TestRun run) => new(
        run.Assembly,
        $"tests/{run.Assembly}/bin/Release/net10.0",
        isPinned: false,
        ["dotnet", "test", $"{run.Assembly}.dll", .. run.Filter.Length > 0 ? (string[])["--filter", run.Filter] : []],
        FailedTest);

    /// <summary>The explorer, over all its scenarios.</summary>
    public static Killer OfExplorer(string strategy, int schedules) => new(
        $"explore {strategy} {schedules}",
        "src/GpuSvm.Cli/bin/Release/net10.0",
        isPinned: true,
        ["dotnet", "GpuSvm.Cli.dll", "explore", "all", "--strategy", strategy, "--schedules", $"{schedules}", "--json"],
        FailedScenario);

    /// <summary>Runs it on a mutated assembly.</summary>
    /// <param name="mutated">A copy of its folder, with that assembly in it.</param>
    /// <param name="original">The folder as it was built.</param>
    /// <param name="cpu">The CPU for a program that hands over from thread to thread, as a mask.</param>
    /// <returns>What it noticed, or null.</returns>
    /// <remarks>
    /// How long a run may take nobody knows on a busy machine. It hangs if it goes on while the code as it is runs to its end beside it,
    /// as often as <see cref="Laps"/> says.
    /// </remarks>
    public async Task<string?> RunAsync(string mutated, string original, nint cpu)
    {
        using var end = new CancellationTokenSource();
        Task<ChildResult> run = RunInAsync(mutated, cpu, end.Token);
        await Task.WhenAny(run, Task.Delay(Grace, CancellationToken.None)).ConfigureAwait(false);
        for (int lap = 0; lap < Laps && !run.IsCompleted; lap++)
        {
            await RunInAsync(original, cpu, CancellationToken.None).ConfigureAwait(false);
        }

        await end.CancelAsync().ConfigureAwait(false);
        return Notice(await run.ConfigureAwait(false));
    }

    /// <summary>Runs it on the code as it is.</summary>
    /// <returns>What it noticed: null, or it proves nothing.</returns>
    public async Task<string?> RunAsync(string original) =>
        Notice(await RunInAsync(original, 0, CancellationToken.None).ConfigureAwait(false));

    private Task<ChildResult> RunInAsync(string folder, nint cpu, CancellationToken end) =>
        ChildRun.RunAsync(folder, _isPinned ? cpu : 0, _command, end);

    private string? Notice(ChildResult result) => result.ExitCode switch
    {
        0 => null,
        null => "hang",
        _ => _explain(result.Output),
    };

    /// <summary>The name behind the first "Failed" that begins a line.</summary>
    private static string FailedTest(string output)
    {
        string? line = output.Split('\n')
            .Select(line => line.Trim())
            .FirstOrDefault(line => line.StartsWith("Failed ", StringComparison.Ordinal));
        return line is null ? "crash of the test host" : line.Split(' ', '(')[1].Split('.')[^1];
    }

    private static string FailedScenario(string output)
    {
        if (!output.StartsWith('{'))
        {
            return "crash of the explorer";
        }

        using JsonDocument document = JsonDocument.Parse(output);
        JsonElement failed = document.RootElement.GetProperty("results").EnumerateArray()
            .First(row => row.TryGetProperty("failure", out _));
        return $"{failed.GetProperty("scenario").GetString()}, {failed.GetProperty("failure").GetProperty("kind").GetString()}";
    }
}
