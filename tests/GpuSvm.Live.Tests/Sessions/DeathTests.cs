using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using GpuSvm.Live.Programs;
using GpuSvm.Live.Programs.Infrastructure;
using GpuSvm.Live.Tests.Infrastructure;
using Xunit.Abstractions;

namespace GpuSvm.Live.Tests.Sessions;

/// <summary>One of the processes of a session ends and nobody has asked it to.</summary>
public sealed class DeathTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(30);

    [LiveFact]
    public async Task An_app_that_ends_without_a_word_takes_engine_and_guard_along()
    {
        using LiveProgram app = LiveProgram.Start("holding", "exit");
        using Watched watched = await Watched.OfAsync(app);
        (int code, string errors) = await app.EndAsync();
        Assert.Equal((0, ""), (code, errors));
        watched.DemandEnd();
    }

    [LiveTheory]
    [InlineData("fault")]
    [InlineData("launch")]
    [InlineData("parallel-launch")]
    public async Task An_app_that_is_killed_takes_engine_and_guard_along(string at)
    {
        using LiveProgram app = LiveProgram.Start("holding", at);
        using Watched watched = await Watched.OfAsync(app);
        app.Process.Kill();
        (int code, string errors) = await app.EndAsync();
        Assert.Equal((128 + RawCalls.SignalKill, ""), (code, errors));
        watched.DemandEnd();
    }

    [LiveFact]
    public async Task An_app_whose_engine_is_killed_dies_before_it_uses_one_more_page()
    {
        (long before, long after, int code, string errors) = await KillEngineAsync(new Dictionary<string, string>(), Kill);
        Assert.Equal(128 + RawCalls.SignalKill, code);
        Assert.InRange(after, before, before + Orphaned.Threads);
        Assert.Contains("the engine ended unexpectedly", errors, StringComparison.Ordinal);
    }

    [LiveFact]
    public async Task Without_a_guard_that_holds_the_userfaultfd_the_app_would_read_zeros()
    {
        var broken = new Dictionary<string, string> { ["GPUSVM_BREAK"] = "guard-holds-nothing" };
        (long before, long after, _, _) = await KillEngineAsync(broken, KillUnseen);
        Assert.True(after > before + Orphaned.Threads, $"{after - before} pages were used after the engine's death, as with a guard.");
    }

    private static void Kill(Watched watched, Func<long> _)
    {
        RawCalls.Signal(watched.EngineId, RawCalls.SignalKill);
        watched.DemandEngineEnd();
    }

    /// <summary>The guard might kill the app before its threads use a page: it stands still until they do.</summary>
    private static void KillUnseen(Watched watched, Func<long> used)
    {
        long before = used();
        Watched.Stop(watched.GuardId);
        try
        {
            Kill(watched, used);
            SpinWait.SpinUntil(() => used() > before + Orphaned.Threads, Watchdog);
        }
        finally
        {
            RawCalls.Signal(watched.GuardId, RawCalls.SignalContinue);
        }
    }

    /// <summary>Stops the engine, so that each thread waits for a page, and kills it then.</summary>
    /// <returns>Pages that could be used while the engine stood, and when the app was dead.</returns>
    private async Task<(long Before, long After, int Code, string Errors)> KillEngineAsync(
        IReadOnlyDictionary<string, string> environment, Action<Watched, Func<long>> kill)
    {
        string path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(path, new byte[Orphaned.Threads * Orphaned.Stride]);
            using LiveProgram app = LiveProgram.Start(environment, "orphaned", path);
            using Watched watched = await Watched.OfAsync(app);
            using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
            using MemoryMappedViewAccessor counters = file.CreateViewAccessor();
            Watched.Stop(watched.EngineId);
            long before = Sum(counters);
            kill(watched, () => Sum(counters));
            long killed = Stopwatch.GetTimestamp();
            (int code, string errors) = await app.EndAsync();
            TimeSpan late = Stopwatch.GetElapsedTime(killed);
            long after = Sum(counters);
            output.WriteLine($"App and guard ended {late.TotalMilliseconds:F1} ms after the engine; {after - before} pages were used.");
            watched.DemandEnd();
            return (before, after, code, errors);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static long Sum(MemoryMappedViewAccessor counters) =>
        Enumerable.Range(0, Orphaned.Threads).Sum(thread => counters.ReadInt64((thread * Orphaned.Stride) + sizeof(long)));
}
