namespace GpuSvm.Core;

/// <summary>Runs the thread of the highest random priority, and lowers it at a few random steps.</summary>
/// <remarks>
/// Finds a defect that needs <c>d</c> ordered events with a probability of at least 1 / (n k^(d-1)), for n threads and k steps.
/// A thread that spins is lowered too: it waits for another one.
/// Source: S. Burckhardt and others, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010.
/// </remarks>
public sealed class PctSchedule : ISchedule
{
    private readonly SeededRandom _random;
    private readonly List<long> _priorities = [];
    private readonly int[] _changes;
    private int _changed;
    private long _lowest;

    /// <summary>Makes the schedule of a seed.</summary>
    /// <param name="seed">Any number; equal seeds choose equally.</param>
    /// <param name="changePoints">How often the running thread loses its priority: one less than the events that a defect needs.</param>
    /// <param name="length">About how many steps a schedule has, at least 1: the change points lie within it.</param>
    public PctSchedule(ulong seed, int changePoints, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(changePoints);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        _random = new SeededRandom(unchecked((seed + 1) * 0x9e3779b97f4a7c15UL));
        _changes = [.. Enumerable.Range(0, changePoints).Select(_ => 1 + _random.Next(length)).Order()];
    }

    /// <inheritdoc/>
    public int Choose(in ScheduleChoice choice)
    {
        while (_priorities.Count <= choice.Candidates[^1] || _priorities.Count <= choice.Current)
        {
            _priorities.Add((long)(_random.Next() >> 2));
        }

        bool changes = choice.Kind == SchedulePointKind.Spin;
        for (; _changed < _changes.Length && _changes[_changed] <= choice.Step; _changed++)
        {
            changes = true;
        }

        if (changes)
        {
            _priorities[choice.Current] = --_lowest;
        }

        int best = choice.Candidates[0];
        foreach (int thread in choice.Candidates)
        {
            best = _priorities[thread] > _priorities[best] ? thread : best;
        }

        return best;
    }
}
