using GpuSvm.Driver;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Bench.Mirrors;

/// <summary><c>gpusvm bench mirror</c>: the same work for every strategy, by turns, so that slow moments of the machine hit all alike.</summary>
/// <remarks>A time is that of the fastest turn, so that it is not that of the moments in which the thread was not running.</remarks>
/// <param name="size">Number of pages or mappings of a work.</param>
/// <param name="repetitions">Number of turns that count.</param>
/// <param name="threads">Numbers of GPU threads, and of threads that look up.</param>
internal sealed class MirrorBench(int size, int repetitions, IReadOnlyList<int> threads)
{
    /// <summary>Pages or mappings of a work unless told otherwise.</summary>
    public const int UsualSize = 10_000;

    /// <summary>Turns that count unless told otherwise.</summary>
    public const int UsualRepetitions = 5;

    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(8);

    // They are short, so that some of them are over before the thread is taken off its CPU.
    private const int LookupsPerTurn = 10;

    /// <summary>The numbers of intervals at which look-ups are measured, up to the size.</summary>
    private static readonly int[] Intervals = [1, 100, 10_000];

    private readonly Dictionary<(string Work, string Strategy), List<MirrorRow>> _rows = [];
    private readonly Dictionary<(string Strategy, int Intervals, int Threads), List<double>> _lookups = [];

    /// <summary>Measures everything.</summary>
    public MirrorDocument Measure()
    {
        Deadline warm = Clock.Monotonic.After(LongestWarmUp);
        for (int i = 0; i < Math.Min(repetitions, 3) && !warm.HasPassed; i++)
        {
            Turn();
        }

        _rows.Clear();
        for (int i = 0; i < repetitions; i++)
        {
            Turn();
        }

        LookUp();
        return new MirrorDocument(
            [.. _rows.Values.Select(Fastest)],
            [.. _lookups.Select(pair => RowOf(pair.Key.Strategy, pair.Key.Intervals, pair.Key.Threads, pair.Value))]);
    }

    private void Turn()
    {
        foreach (MirrorWork work in MirrorWork.All)
        {
            foreach ((string name, Func<AddressSpace, GpuMirror, IMirrorStrategy> strategy) in MirrorStrategies.All)
            {
                Add(Run(work, name, strategy));
            }
        }

        foreach (int count in threads)
        {
            foreach ((string name, Func<AddressSpace, GpuMirror, IMirrorStrategy> strategy) in MirrorStrategies.All)
            {
                Add(RunKernel(count, name, strategy));
            }
        }
    }

    private void Add(MirrorRow row)
    {
        (string Work, string Strategy) key = (row.Work, row.Strategy);
        _rows.TryAdd(key, []);
        _rows[key].Add(row);
    }

    private MirrorRow Run(MirrorWork work, string name, Func<AddressSpace, GpuMirror, IMirrorStrategy> strategy)
    {
        using var machine = new MirrorMachine(strategy, work.Pages(size), FaultFeed.Ring);
        ulong[] pages = work.Prepare(machine, size);
        double faulting = Time(() => machine.Serve(pages));
        Demand(machine, pages.Length);
        MirrorStatistics before = machine.Client.MirrorStatistics;
        int changes = 0;
        double changing = Time(() => changes = work.Change(machine, pages));
        MirrorStatistics after = machine.Client.MirrorStatistics;
        return new MirrorRow(
            work.Name,
            name,
            pages.Length,
            faulting / pages.Length,
            changes,
            changing / changes,
            after.Callbacks - before.Callbacks,
            after.CallbacksInVain - before.CallbacksInVain,
            before.Notifiers,
            after.Notifiers,
            Math.Max(before.BookkeepingBytes, after.BookkeepingBytes));
    }

    private MirrorRow RunKernel(int count, string name, Func<AddressSpace, GpuMirror, IMirrorStrategy> strategy)
    {
        using var machine = new MirrorMachine(strategy, size, FaultFeed.Kernel);
        MirrorWork.All[0].Prepare(machine, size);
        double faulting = Time(() => machine.Load(size, count));
        Demand(machine, size);
        MirrorStatistics after = machine.Client.MirrorStatistics;
        string work = count == 1 ? "1 GPU thread" : $"{count} GPU threads";
        return new MirrorRow(
            work, name, size, faulting / size, 0, null, 0, 0, after.Notifiers, after.Notifiers, after.BookkeepingBytes);
    }

    private void LookUp()
    {
        foreach ((string name, Func<AddressSpace, GpuMirror, IMirrorStrategy> strategy) in MirrorStrategies.All)
        {
            foreach (int intervals in Intervals.Where(count => count <= Math.Max(size, 100)))
            {
                using var bench = new LookupBench(strategy, intervals);
                int[] counts = intervals == 1 ? [1] : [1, .. threads.Where(count => count is > 1 and <= LookupBench.MostThreads)];
                for (int i = -1; i < repetitions * LookupsPerTurn; i++)
                {
                    foreach (int count in counts)
                    {
                        double time = bench.Run(count);
                        List<double> times = _lookups.TryGetValue((name, intervals, count), out List<double>? known) && i > 0
                            ? known
                            : _lookups[(name, intervals, count)] = [];
                        times.Add(time);
                    }
                }
            }
        }
    }

    private static double Time(Action action)
    {
        long start = Clock.Monotonic.NowNanoseconds;
        action();
        return Clock.Monotonic.NowNanoseconds - start;
    }

    private static void Demand(MirrorMachine machine, int pages)
    {
        // Ranges bring in their neighbours, too.
        if (machine.MappedPages < pages)
        {
            throw new InvalidOperationException($"{machine.MappedPages} pages of {pages} were mapped.");
        }
    }

    private static MirrorRow Fastest(List<MirrorRow> rows) => rows[0] with
    {
        NsPerFault = rows.Min(row => row.NsPerFault),
        NsPerChange = rows[0].NsPerChange is null ? null : rows.Min(row => row.NsPerChange!.Value),
    };

    private static LookupRow RowOf(string strategy, int intervals, int threads, List<double> times)
    {
        double time = times.Min();
        return new LookupRow(strategy, intervals, threads, time, threads * 1e9 / time);
    }
}
