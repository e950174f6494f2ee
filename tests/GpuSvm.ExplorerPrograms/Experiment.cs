using System.Diagnostics;
using System.Globalization;

namespace GpuSvm.ExplorerPrograms;

/// <summary>What can be done with a scenario; each prints a line or two that a test compares.</summary>
internal sealed class Experiment(Explorer explorer, Action<ScheduleRun> scenario, TextWriter output)
{
    public bool Run(string verb, int number)
    {
        switch (verb)
        {
            case "random": Search(number, seed => new RandomSchedule((ulong)seed)); break;
            case "pct": Search(number, seed => new PctSchedule((ulong)seed, 2, 30)); break;
            case "exhaustive": Exhaust(number); break;
            case "hash": Print($"{explorer.Run(new RandomSchedule((ulong)number), scenario).Hash:x16}"); break;
            case "distinct": Distinct(number); break;
            case "show": Show(number); break;
            case "replay": Replay(number); break;
            case "after-failures": AfterFailures(number); break;
            case "once": Once(number); break;
            case "speed": Speed(number, seed => new RandomSchedule((ulong)seed)); break;
            case "speed-pct": Speed(number, seed => new PctSchedule((ulong)seed, 2, 60)); break;
            default: return false;
        }

        return true;
    }

    private void Search(int count, Func<int, ISchedule> schedule)
    {
        for (int seed = 1; seed <= count; seed++)
        {
            if (explorer.Run(schedule(seed), scenario).Failure is { } failure)
            {
                Print($"{failure.Kind}: {failure.Message}");
                return;
            }
        }

        Print($"clean: {count}");
    }

    private void Exhaust(int preemptions)
    {
        var schedules = new ExhaustiveSchedule(preemptions);
        var hashes = new HashSet<ulong>();
        int failed = 0;
        while (schedules.MoveNext())
        {
            ScheduleOutcome outcome = explorer.Run(schedules, scenario);
            hashes.Add(outcome.Hash);
            failed += outcome.IsClean ? 0 : 1;
        }

        Print($"done: {schedules.Count} schedules, {hashes.Count} distinct, {failed} failed, bounded: {schedules.WasBounded}");
    }

    private void Distinct(int count) =>
        Print($"{Enumerable.Range(1, count).Select(seed => explorer.Run(new RandomSchedule((ulong)seed), scenario).Hash).Distinct().Count()}");

    private void Show(int count)
    {
        ScheduleOutcome shrunk = Shrinker.Shrink(explorer, FirstFailure(count), scenario);
        ScheduleOutcome traced = explorer.Trace(new ReplaySchedule(shrunk.Turns), scenario);
        Print($"{shrunk.Hash == traced.Hash}");
        foreach (string line in Interleaving.Lines(traced))
        {
            Print($"{line}");
        }
    }

    private void Replay(int count)
    {
        int same = 0;
        for (int seed = 1; seed <= count; seed++)
        {
            ScheduleOutcome outcome = explorer.Run(new RandomSchedule((ulong)seed), scenario);
            ScheduleOutcome again = explorer.Run(new ReplaySchedule(outcome.Turns), scenario);
            same += outcome.Hash == again.Hash && outcome.Failure?.Message == again.Failure?.Message ? 1 : 0;
        }

        Print($"{same}");
    }

    private void AfterFailures(int count)
    {
        int failures = 0;
        for (int seed = 1; seed <= count; seed++)
        {
            failures += explorer.Run(new RandomSchedule((ulong)seed), scenario).IsClean ? 0 : 1;
        }

        int clean = Enumerable.Range(1, count)
            .Count(seed => explorer.Run(new RandomSchedule((ulong)seed), Scenarios.Find("locked-update")!).IsClean);
        Print($"failed: {failures > 0}, clean: {clean}, usable: {explorer.IsUsable}, threads: {explorer.ThreadCount}");
    }

    private void Once(int seed)
    {
        ScheduleOutcome outcome = explorer.Run(new RandomSchedule((ulong)seed), scenario);
        Print($"{outcome.Failure?.Kind.ToString() ?? "clean"}, usable: {explorer.IsUsable}");
    }

    private void Speed(int count, Func<int, ISchedule> schedule)
    {
        Enumerable.Range(1, count / 4).ToList().ForEach(seed => explorer.Run(schedule(seed), scenario));
        var watch = Stopwatch.StartNew();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long steps = 0;
        long turns = 0;
        for (int seed = 1; seed <= count; seed++)
        {
            ScheduleOutcome outcome = explorer.Run(schedule(seed), scenario);
            steps += outcome.Steps;
            turns += outcome.Turns.Count;
        }

        double busy = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        Print($"{count / watch.Elapsed.TotalSeconds:F0} schedules/s, {count / busy:F0} per CPU second");
        Print($"{(double)steps / count:F1} steps, {(double)turns / count:F1} turns");
    }

    private ScheduleOutcome FirstFailure(int count) => Enumerable.Range(1, count)
        .Select(seed => explorer.Run(new RandomSchedule((ulong)seed), scenario))
        .First(outcome => !outcome.IsClean);

    private void Print(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
