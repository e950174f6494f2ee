using System.Globalization;

namespace GpuSvm.Core;

/// <summary>Writes a traced schedule for people: who ran from where to where, a line a step or a line a turn.</summary>
public static class Interleaving
{
    /// <summary>Number of lines at most.</summary>
    public const int MostLines = 20;

    private const int OpeningTurns = 6;

    /// <summary>The lines of a traced schedule, the last of which says what went wrong.</summary>
    /// <param name="traced">What <see cref="Explorer.Trace"/> returned.</param>
    /// <returns>At most <see cref="MostLines"/> lines.</returns>
    public static IReadOnlyList<string> Lines(ScheduleOutcome traced)
    {
        ArgumentNullException.ThrowIfNull(traced);
        int room = MostLines - 1;
        List<Turn> turns = Turns(traced.Trace);
        int width = turns.Count == 0 ? 0 : turns.Max(turn => turn.Thread.Length);
        List<string>? lines = Fit(turns, room, turn => turn.EachStep(width))
            ?? Fit(turns, room, turn => turn.BothEnds(width))
            ?? Fit(turns, room, turn => [turn.OneLine(width)]);
        if (lines is null)
        {
            int closing = room - 1 - OpeningTurns;
            lines =
            [
                .. turns.Take(OpeningTurns).Select(turn => turn.OneLine(width)),
                string.Create(CultureInfo.InvariantCulture, $"… {turns.Count - OpeningTurns - closing} turns …"),
                .. turns.TakeLast(closing).Select(turn => turn.OneLine(width)),
            ];
        }

        lines.Add(traced.Failure is { } failure ? $"{failure.Kind}: {OneLineOf(failure.Message)}" : "Nothing went wrong.");
        return lines;
    }

    private static string OneLineOf(string text) => text.ReplaceLineEndings(" ");

    private static List<string>? Fit(List<Turn> turns, int room, Func<Turn, IEnumerable<string>> write)
    {
        List<string> lines = [.. turns.SelectMany(write)];
        return lines.Count <= room ? lines : null;
    }

    private static List<Turn> Turns(IReadOnlyList<ScheduleStep> steps)
    {
        var turns = new List<Turn>();
        foreach (ScheduleStep step in steps)
        {
            if (turns.Count == 0 || turns[^1].Thread != step.Thread)
            {
                turns.Add(new Turn(step.Thread, []));
            }

            turns[^1].Steps.Add(step);
        }

        return turns;
    }

    private sealed record Turn(string Thread, List<ScheduleStep> Steps)
    {
        public IEnumerable<string> EachStep(int width) => Steps.Select((step, i) => Line(width, i == 0, Where(step)));

        public IEnumerable<string> BothEnds(int width) => Steps.Count < 4
            ? EachStep(width)
            : [Line(width, true, Where(Steps[0])), Line(width, false, $"… {Steps.Count - 2} steps …"), Line(width, false, Where(Steps[^1]))];

        public string OneLine(int width) => Line(width, true, Steps.Count == 1
            ? Where(Steps[0])
            : $"{Where(Steps[0])} … {Steps.Count} steps … {Where(Steps[^1])}");

        private static string Where(ScheduleStep step) => step.Line == 0
            ? Word(step.Kind)
            : string.Create(CultureInfo.InvariantCulture, $"{Word(step.Kind),-8} {Path.GetFileName(step.File)}:{step.Line}");

        private static string Word(SchedulePointKind kind) => kind switch
        {
            SchedulePointKind.Lock => "lock",
            SchedulePointKind.TryLock => "try lock",
            SchedulePointKind.Unlock => "unlock",
            SchedulePointKind.Wait => "wait",
            SchedulePointKind.Wake => "wake",
            SchedulePointKind.Word => "word",
            SchedulePointKind.Spin => "spin",
            _ => "thread",
        };

        private string Line(int width, bool isFirst, string text) => $"{(isFirst ? Thread : "").PadRight(width)}  {text}".TrimEnd();
    }
}
