using System.Globalization;
using GpuSvm.Live.Programs.Storm;
using GpuSvm.Live.Tests.Infrastructure;
using Xunit.Abstractions;

namespace GpuSvm.Live.Tests.Storm;

/// <summary>Garbage collections while threads wait for pages: 10 s each here, for GPUSVM_STORM_SECONDS where that is set.</summary>
public class GcStormTests(ITestOutputHelper output)
{
    private const string DefaultSeconds = "10";

    /// <summary>How long the control has to hang in.</summary>
    private const string ControlSeconds = "8";

    /// <summary>Without a beat for this long the app's threads stand still for good. Beats come four times a second.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    /// <summary>Where hanging is expected: shorter, since the threads are looked at too.</summary>
    private static readonly TimeSpan ControlSilence = TimeSpan.FromSeconds(5);

    private static string Seconds => Environment.GetEnvironmentVariable("GPUSVM_STORM_SECONDS") ?? DefaultSeconds;

    [LiveFact]
    public Task Server_collections_while_pages_are_taken_away_and_move_to_and_fro_neither_hang_nor_lose_a_byte() => Weather("1", "device", Seconds);

    [LiveFact]
    public Task Workstation_collections_while_pages_are_taken_away_and_move_to_and_fro_neither_hang_nor_lose_a_byte() => Weather("0", "device", Seconds);

    [LiveFact]
    public Task Collections_while_pages_that_stay_in_system_memory_are_taken_away_neither_hang_nor_lose_a_byte() =>
        Weather("0", "system", Environment.GetEnvironmentVariable("GPUSVM_STORM_SECONDS") ?? "4");

    [LiveFact]
    public async Task A_managed_handler_in_the_apps_own_process_hangs_or_the_run_is_inconclusive()
    {
        using LiveProgram program = Start("0", "--seconds", ControlSeconds, "--handler", "own-process");
        (bool silent, string last) = await ListenAsync(program, ControlSilence);
        string threads = silent ? TaskDump.Of(program.Process.Id) : "";
        if (!silent)
        {
            (int code, string errors) = await program.EndAsync();
            Assert.True(code == 0, $"exit code {code}\n{last}\n{errors}");
            output.WriteLine($"inconclusive: no hang in {ControlSeconds} s\n{last}");
            return;
        }

        output.WriteLine($"hangs after: {last}\n{threads}");
        program.Process.Kill(entireProcessTree: true);
        (int killed, string said) = await program.EndAsync();

        // 0: it was only slow, and inconclusive, too.
        Assert.True(killed is 0 or 128 + 9, $"exit code {killed}\n{said}");
    }

    private async Task Weather(string server, string placement, string seconds)
    {
        using LiveProgram program = Start(server, "--seconds", seconds, "--placement", placement);
        (bool silent, string last) = await ListenAsync(program, Silence);
        Assert.False(silent, $"no beat for {Silence}, last: {last}\n{(silent ? TaskDump.Of(program.Process.Id) : "")}");
        (int code, string errors) = await program.EndAsync();
        Assert.True(code == 0, $"exit code {code}\n{last}\n{errors}");
        Assert.Contains($" memory, {(server == "1" ? "server" : "workstation")} collections", last, StringComparison.Ordinal);
        output.WriteLine(last);
    }

    private static LiveProgram Start(string server, params string[] arguments) =>
        LiveProgram.Start(new Dictionary<string, string> { ["DOTNET_gcServer"] = server }, ["gc-storm", .. arguments]);

    /// <summary>Reads what a storm writes until it closes its output or falls silent.</summary>
    /// <returns>Whether it fell silent, and what it wrote: of the beats, the number.</returns>
    private static async Task<(bool Silent, string Text)> ListenAsync(LiveProgram program, TimeSpan silence)
    {
        var text = new List<string>();
        int beats = 0;
        while (true)
        {
            using var limit = new CancellationTokenSource(silence);
            try
            {
                string? line = await program.Output.ReadLineAsync(limit.Token);
                if (line is null)
                {
                    return (false, Text());
                }

                if (line.StartsWith("beat ", StringComparison.Ordinal))
                {
                    beats++;
                }
                else
                {
                    text.Add(line);
                }
            }
            catch (OperationCanceledException)
            {
                return (true, Text());
            }
        }

        string Text() => string.Create(CultureInfo.InvariantCulture, $"{string.Join('\n', text)}\n{beats} beats");
    }
}
