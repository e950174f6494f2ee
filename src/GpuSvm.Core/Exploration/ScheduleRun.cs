namespace GpuSvm.Core;

/// <summary>One run of a scenario: what it says about its threads and what must hold.</summary>
/// <remarks>
/// The scenario sets its machine up and declares; nothing that it declared runs before it has returned. A setup is not interleaved:
/// threads that it starts itself (a work queue's) run when it waits for them, and then beside the declared ones.
/// </remarks>
public sealed class ScheduleRun
{
    private readonly Explorer _explorer;
    private readonly List<(string Name, Action Body)> _threads = [];
    private readonly List<Action> _invariants = [];
    private readonly List<Action> _ends = [];

    internal ScheduleRun(Explorer explorer) => _explorer = explorer;

    internal IReadOnlyList<(string Name, Action Body)> Threads => _threads;

    internal IReadOnlyList<Action> Invariants => _invariants;

    internal IReadOnlyList<Action> Ends => _ends;

    internal long PatienceNanoseconds { get; private set; } = long.MaxValue;

    /// <summary>Declares a thread. All declared threads are let loose together when the scenario returns.</summary>
    /// <param name="name">Shown in interleavings.</param>
    /// <param name="body">What it does; an exception that leaves it fails the schedule.</param>
    public void Thread(string name, Action body) => _threads.Add((name, body));

    /// <summary>Declares what must hold after each step of any thread.</summary>
    /// <param name="check">Throws if it does not hold.</param>
    /// <remarks>Runs between two steps: locks are not taken in it, however they are held, and nothing may wait.</remarks>
    public void Invariant(Action check) => _invariants.Add(check);

    /// <summary>Declares what must hold after each step of any thread.</summary>
    /// <param name="sentence">The invariant in words.</param>
    /// <param name="holds">True if it holds. Runs between two steps, as the other overload says.</param>
    public void Invariant(string sentence, Func<bool> holds) => _invariants.Add(() =>
    {
        if (!holds())
        {
            throw new InvariantException(sentence);
        }
    });

    /// <summary>Declares how long, in virtual time and all together, every thread may wait for nothing but a deadline.</summary>
    /// <param name="bound">The bound; beyond it somebody is starved who waits for what never comes, and the schedule fails.</param>
    /// <remarks>Time that passes while some thread can go on does not count; of that the bound on steps is the end.</remarks>
    public void DemandProgress(TimeSpan bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, TimeSpan.Zero);
        PatienceNanoseconds = (long)bound.TotalNanoseconds;
    }

    /// <summary>Declares what is done once all declared threads have ended: take the machine down, and look at what is left.</summary>
    /// <param name="check">Throws if something is wrong. May take locks, wait and join threads.</param>
    public void AtEnd(Action check) => _ends.Add(check);

    /// <summary>Has the calling thread wait until a task has completed, and throws what the task threw.</summary>
    /// <remarks>For tasks that a thread of the schedule completes; one that the thread pool completes makes schedules irreproducible.</remarks>
    public void Await(Task task)
    {
        _explorer.BlockUntil(() => task.IsCompleted);
        task.GetAwaiter().GetResult();
    }

    /// <summary>Has the calling thread wait until a condition holds, which is looked at after each step.</summary>
    /// <param name="condition">Runs between two steps, as an invariant does.</param>
    public void WaitUntil(Func<bool> condition) => _explorer.BlockUntil(condition);
}
