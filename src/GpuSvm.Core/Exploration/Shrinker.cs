namespace GpuSvm.Core;

/// <summary>Makes a failing schedule shorter: fewer switches, the same kind of failure.</summary>
public static class Shrinker
{
    /// <summary>Number of schedules that are tried unless the caller says otherwise.</summary>
    public const int DefaultTries = 1000;

    /// <summary>Number of steps of all tries together, after which no more are made: schedules that fail by their length are long.</summary>
    private const long MostSteps = 1_000_000;

    /// <summary>Leaves turns out, in chunks and from the end to the beginning, as long as the schedule still fails in the same way.</summary>
    /// <param name="explorer">Runs the shorter schedules.</param>
    /// <param name="failing">A schedule that failed.</param>
    /// <param name="scenario">The scenario that it is a schedule of.</param>
    /// <param name="tries">How many schedules are run at most.</param>
    /// <returns>A failing schedule with at most as many turns; what remained when the explorer became unusable.</returns>
    public static ScheduleOutcome Shrink(
        Explorer explorer, ScheduleOutcome failing, Action<ScheduleRun> scenario, int tries = DefaultTries)
    {
        ArgumentNullException.ThrowIfNull(explorer);
        ArgumentNullException.ThrowIfNull(failing);
        if (failing.Failure is not { } failure)
        {
            throw new ArgumentException("Only a failing schedule is shrunk.", nameof(failing));
        }

        ScheduleOutcome best = failing;
        long steps = 0;
        for (int chunk = Math.Max(1, best.Turns.Count / 2); ; chunk = Math.Max(1, chunk / 2))
        {
            int before = best.Turns.Count;
            for (int end = best.Turns.Count; end > 0 && tries > 0 && explorer.IsUsable; end = Math.Min(end - chunk, best.Turns.Count))
            {
                int start = Math.Max(0, end - chunk);
                ScheduleOutcome shorter = explorer.Run(new ReplaySchedule([.. best.Turns.Take(start), .. best.Turns.Skip(end)]), scenario);
                steps += shorter.Steps;
                tries = steps < MostSteps ? tries - 1 : 0;
                best = IsSame(shorter.Failure, failure) && shorter.Turns.Count < best.Turns.Count ? shorter : best;
            }

            if (tries <= 0 || !explorer.IsUsable || (chunk == 1 && best.Turns.Count == before))
            {
                return best;
            }
        }
    }

    private static bool IsSame(ScheduleFailure? failure, ScheduleFailure wanted) =>
        failure?.Kind == wanted.Kind && failure.Exception?.GetType() == wanted.Exception?.GetType();
}
