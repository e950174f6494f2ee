namespace GpuSvm.Core;

/// <summary>A moment at which more than one thread could run next.</summary>
/// <param name="candidates">Numbers of the threads that may be chosen, ascending; two at least.</param>
/// <param name="stepsOf">How many steps each thread has made, by its number.</param>
/// <param name="current">Number of the thread that reached the point; 0 when that is the one that set the schedule up.</param>
/// <param name="step">Number of steps that all threads have made.</param>
/// <param name="kind">What <paramref name="current"/> is about to do.</param>
public readonly ref struct ScheduleChoice(
    ReadOnlySpan<int> candidates, ReadOnlySpan<int> stepsOf, int current, int step, SchedulePointKind kind)
{
    /// <summary>Numbers of the threads that may be chosen, ascending; two at least.</summary>
    public ReadOnlySpan<int> Candidates { get; } = candidates;

    /// <summary>How many steps each thread has made, by its number.</summary>
    public ReadOnlySpan<int> StepsOf { get; } = stepsOf;

    /// <summary>Number of the thread that reached the point, which may be none of the candidates.</summary>
    public int Current { get; } = current;

    /// <summary>Number of steps that all threads have made.</summary>
    public int Step { get; } = step;

    /// <summary>What the current thread is about to do.</summary>
    public SchedulePointKind Kind { get; } = kind;

    /// <summary>True if the thread that reached the point may go on.</summary>
    public bool CanGoOn => Candidates.Contains(Current);

    /// <summary>The choice without a preemption: the current thread, or else the next one in cyclic order.</summary>
    public int Default => Candidates[CanGoOn ? Candidates.IndexOf(Current) : FirstAfterCurrent];

    /// <summary>Index of the candidate that follows the current thread in cyclic order.</summary>
    private int FirstAfterCurrent
    {
        get
        {
            int i = 0;
            while (i < Candidates.Length && Candidates[i] <= Current)
            {
                i++;
            }

            return i < Candidates.Length ? i : 0;
        }
    }

    /// <summary>The candidates in a fixed order: <see cref="Default"/> first, then the others in cyclic order.</summary>
    /// <param name="index">From 0 to the number of candidates - 1.</param>
    public int InOrder(int index) => Candidates[(Candidates.IndexOf(Default) + index) % Candidates.Length];
}
