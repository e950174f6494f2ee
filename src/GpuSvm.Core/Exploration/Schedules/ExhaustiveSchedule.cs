namespace GpuSvm.Core;

/// <summary>Every schedule of a small scenario, one after another, depth first, up to a bound on preemptions.</summary>
/// <param name="preemptions">How often, at most, a thread that could go on is interrupted in one schedule.</param>
/// <remarks>
/// <code>
/// while (schedules.MoveNext()) { outcome = explorer.Run(schedules, scenario); }
/// </code>
/// Source of the bound: M. Musuvathi, S. Qadeer, "Iterative Context Bounding for Systematic Testing of Multithreaded Programs", PLDI 2007.
/// </remarks>
public sealed class ExhaustiveSchedule(int preemptions) : ISchedule
{
    private readonly List<Branch> _path = [];
    private int _depth;
    private int _preempted;
    private bool _begun;

    /// <summary>True if every schedule within the bound has been run.</summary>
    public bool IsDone { get; private set; }

    /// <summary>True if the bound on preemptions left out a choice in any schedule so far.</summary>
    public bool WasBounded { get; private set; }

    /// <summary>Number of schedules so far.</summary>
    public long Count { get; private set; }

    /// <summary>Goes on to the next schedule.</summary>
    /// <returns>False when all have been run.</returns>
    public bool MoveNext()
    {
        while (_begun && _path.Count > 0 && _path[^1].Chosen + 1 == _path[^1].Count)
        {
            _path.RemoveAt(_path.Count - 1);
        }

        if (IsDone || (_begun && _path.Count == 0))
        {
            IsDone = true;
            return false;
        }

        if (_begun)
        {
            _path[^1] = _path[^1] with { Chosen = _path[^1].Chosen + 1 };
        }

        _begun = true;
        _depth = 0;
        _preempted = 0;
        Count++;
        return true;
    }

    /// <inheritdoc/>
    public int Choose(in ScheduleChoice choice)
    {
        if (_depth == _path.Count)
        {
            bool mayPreempt = !choice.CanGoOn || _preempted < preemptions;
            WasBounded |= !mayPreempt;
            _path.Add(new Branch(0, mayPreempt ? choice.Candidates.Length : 1));
        }

        int chosen = _path[_depth++].Chosen;
        _preempted += choice.CanGoOn && chosen > 0 ? 1 : 0;
        return choice.InOrder(chosen);
    }

    private readonly record struct Branch(int Chosen, int Count);
}
