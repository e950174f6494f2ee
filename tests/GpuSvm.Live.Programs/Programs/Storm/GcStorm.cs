using System.Globalization;

namespace GpuSvm.Live.Programs.Storm;

/// <summary>Threads touch shared memory in code that the garbage collector cannot stop, while it is taken away all the time.</summary>
/// <remarks>
/// <c>gc-storm [--seconds N] [--handler engine|own-process] [--placement device|system] [--seed N]</c>. By <c>device</c> each page that the
/// GPU touches moves to its memory, and comes home when a thread touches it. With <c>own-process</c> a managed thread of this process serves
/// the faults: the first collection that meets a fault stops both for ever, and with them the beats on the output.
/// </remarks>
internal sealed class GcStorm : ILiveProgram
{
    private const int Touchers = 3;
    private const int PagesEach = 32;
    private const int FreshPages = 16;
    private const int TouchedPages = Touchers * PagesEach;

    /// <inheritdoc/>
    public string Name => "gc-storm";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        int seconds = int.Parse(Option(args, "--seconds", "10"), CultureInfo.InvariantCulture);
        int seed = int.Parse(Option(args, "--seed", $"{Environment.TickCount & 0xffff}"), CultureInfo.InvariantCulture);
        string handler = Option(args, "--handler", "engine");
        SvmResidency placement = Option(args, "--placement", "device") == "device" ? SvmResidency.Device : SvmResidency.System;
        output.WriteLine($"seed {seed}, {handler}, pages in {placement} memory, {(System.Runtime.GCSettings.IsServerGC ? "server" : "workstation")} collections");
        await using IStormMemory memory = await OpenAsync(handler, (ulong)seed, placement);
        StormWorker[] workers = Workers(memory, seed);
        var watch = new ProgressWatch(workers, output);
        var collector = new Collector(new Random(seed));
        Array.ForEach(workers, worker => worker.Start());
        Storm(TimeSpan.FromSeconds(seconds), workers, watch, collector);
        output.WriteLine(Report(workers, watch, collector));
        (long away, long home) = memory.Moved;
        output.WriteLine($"{away} pages moved to the GPU and {home} home");
        Check.That(placement == SvmResidency.System || (away > 0 && home > 0), "pages move both ways");
    }

    private static async Task<IStormMemory> OpenAsync(string handler, ulong seed, SvmResidency placement) => handler switch
    {
        "engine" => new SessionMemory(await SvmSession.OpenAsync(OptionsOf(seed, placement))),
        "own-process" => new OwnProcessMemory(OptionsOf(seed, placement).ToSettings()),
        _ => throw new CheckFailedException($"--handler {handler}: engine or own-process"),
    };

    private static SvmOptions OptionsOf(ulong seed, SvmResidency placement) => new()
    {
        Seed = seed,
        Execution = ExecutionMode.Parallel,
        HeapLimit = ByteSize.MiB(64),
        Ranges = new SvmRangeOptions { Placement = placement, RetryLimit = Infrastructure.EngineFixture.RetryLimit },
    };

    private static StormWorker[] Workers(IStormMemory memory, int seed)
    {
        VirtualAddress touched = memory.Map(TouchedPages);
        VirtualAddress counters = memory.Map(1);
        StormPage[] pages = [.. from i in Enumerable.Range(0, TouchedPages) select new StormPage(i, touched + ((ulong)i << Page.Shift))];
        var places = new StormArgs(counters, memory.Map(FreshPages), FreshPages, touched, TouchedPages, Round: 0);
        return
        [
            .. pages.Chunk(PagesEach).Select((own, i) => new Toucher($"toucher {i}", ++seed, own)),
            new Discarder("discarder", ++seed, pages),
            new Protector("protector", ++seed, memory, touched, TouchedPages),
            new Protector("counter protect", ++seed, memory, counters, pages: 1),
            new Unmapper("unmapper 0", ++seed, memory),
            new Unmapper("unmapper 1", ++seed, memory),
            new Launcher("launcher", ++seed, memory, places),
            new Allocator("allocator 0", ++seed),
            new Allocator("allocator 1", ++seed),
        ];
    }

    /// <summary>Collects on this thread and watches on another; then has all workers end, which the watch waits for.</summary>
    private static void Storm(TimeSpan length, StormWorker[] workers, ProgressWatch watch, Collector collector)
    {
        var watching = Task.Factory.StartNew(
            () =>
            {
                for (TimeSpan passed = TimeSpan.Zero; passed < length; passed += ProgressWatch.Beat)
                {
                    watch.Next();
                }

                Array.ForEach(workers, worker => worker.Stop());
                while (!Array.TrueForAll(workers, worker => worker.HasEnded))
                {
                    watch.Next();
                }

                watch.Next();
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        while (!watching.IsCompleted)
        {
            collector.Collect();
        }

        try
        {
            watching.GetAwaiter().GetResult();
        }
        catch (CheckFailedException failed)
        {
            // The memory cannot be given back under the workers, which go on.
            Console.Error.WriteLine($"FAILED: {failed.Message}");
            Environment.Exit(1);
        }
    }

    private static string Report(StormWorker[] workers, ProgressWatch watch, Collector collector)
    {
        string steps = string.Join(", ", from worker in workers select $"{worker.Name} {worker.Steps}");
        long touches = workers.OfType<Toucher>().Sum(toucher => toucher.Touches);
        long absent = workers.OfType<Toucher>().Sum(toucher => toucher.FoundAbsent);
        long marked = workers.OfType<Toucher>().Sum(toucher => toucher.FoundProtected);
        return $"steps: {steps}\n{touches} checked touches, pages found absent {absent}, write-protected {marked}; {collector}; " +
            $"longest pause of a thread {watch.LongestPause} beats of {ProgressWatch.Beat.TotalMilliseconds} ms";
    }

    private static string Option(string[] args, string name, string otherwise)
    {
        int at = Array.IndexOf(args, name);
        return at < 0 ? otherwise : args[at + 1];
    }
}
