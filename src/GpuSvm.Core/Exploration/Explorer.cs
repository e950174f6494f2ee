namespace GpuSvm.Core;

/// <summary>Runs a scenario's threads one at a time, in an order that a schedule decides, one schedule after another.</summary>
/// <remarks>
/// <para>The running thread chooses the next one at each schedule point and hands over directly. Time is virtual for its threads: a
/// microsecond a step, and a leap to the earliest deadline when all of them wait. Threads are used again by the next schedule.</para>
/// <para>Execution is sequentially consistent: a memory barrier that is left out is not found. Not thread-safe.</para>
/// </remarks>
public sealed partial class Explorer : IDisposable
{
    /// <summary>The bound on a schedule's steps unless the constructor is told another one.</summary>
    public const int DefaultStepLimit = 20_000;

    private const int MostThreads = 64;
    private readonly int _stepLimit;
    private readonly List<ControlledThread> _threads = [];
    private ScheduleRun _run;
    private ISchedule _schedule = new ReplaySchedule([]);

    /// <summary>Makes an explorer that has no threads yet.</summary>
    /// <param name="stepLimit">How many steps a schedule may have, at least 1; then it has failed.</param>
    /// <exception cref="InvalidOperationException">The process was not started with <c>GPUSVM_EXPLORE=1</c>.</exception>
    public Explorer(int stepLimit = DefaultStepLimit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stepLimit, 1);
        if (!Exploration.Enabled)
        {
            throw new InvalidOperationException("Threads can be explored only in a process started with GPUSVM_EXPLORE=1.");
        }

        _stepLimit = stepLimit;
        _run = new ScheduleRun(this);
        _threads.Add(new ControlledThread(this, 0));
    }

    /// <summary>False when threads of an aborted schedule could not be unwound: the process must be discarded.</summary>
    public bool IsUsable { get; private set; } = true;

    /// <summary>Called at each step, by the thread that makes it: from here its stack shows which point it has reached.</summary>
    public Action? StepObserver { get; set; }

    /// <summary>Number of threads that the explorer has made so far, for all schedules.</summary>
    public int ThreadCount => _threads.Count - 1;

    private ControlledThread Main => _threads[0];

    /// <summary>Runs one schedule of a scenario.</summary>
    /// <param name="schedule">Decides which thread runs next.</param>
    /// <param name="scenario">Sets the machine up and declares; see <see cref="ScheduleRun"/>.</param>
    /// <exception cref="InvalidOperationException">The explorer is not usable any more, or the caller belongs to a schedule.</exception>
    public ScheduleOutcome Run(ISchedule schedule, Action<ScheduleRun> scenario)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(scenario);
        if (!IsUsable || ControlledThread.Current is not null)
        {
            throw new InvalidOperationException(IsUsable ? "A schedule runs no schedules." : "Threads of an earlier schedule still run.");
        }

        Begin(schedule);
        ControlledThread.Become(Main);
        try
        {
            Play(scenario);
        }
        finally
        {
            UnwindAll();
            HeldLocks.Clear();
            ControlledThread.Become(null);
        }

        return new ScheduleOutcome(_failure, _steps, _hash, [.. _turns], _trace is null ? [] : [.. _trace]);
    }

    /// <summary>Runs one schedule and records the source line of every step, which takes far longer.</summary>
    /// <inheritdoc cref="Run"/>
    public ScheduleOutcome Trace(ISchedule schedule, Action<ScheduleRun> scenario)
    {
        _trace = [];
        try
        {
            return Run(schedule, scenario);
        }
        finally
        {
            _trace = null;
        }
    }

    /// <summary>Ends the explorer's threads. Does nothing if it is not usable any more.</summary>
    public void Dispose()
    {
        if (!IsUsable)
        {
            return;
        }

        IsUsable = false;
        foreach (ControlledThread thread in _threads)
        {
            thread.Dispose();
        }
    }

    private void Begin(ISchedule schedule)
    {
        _schedule = schedule;
        _run = new ScheduleRun(this);
        _count = 1;
        _firstDeclared = MostThreads;
        _declaredLeft = 0;
        _steps = 0;
        _setupPoints = 0;
        _unwindings = 0;
        _hash = 0xcbf29ce484222325UL;
        _now = FirstMoment;
        _earliest = long.MaxValue;
        _waited = 0;
        _failure = null;
        _aborting = false;
        _turns.Clear();
        Array.Clear(_stepsOf);
        Main.Ready();
    }

    private void Play(Action<ScheduleRun> scenario)
    {
        try
        {
            scenario(_run);
            _invariants = _run.Invariants;
            RunDeclared();

            foreach (Action end in _run.Ends)
            {
                end();
            }
        }
        catch (ScheduleAbortedException) when (_aborting)
        {
            // The failure is recorded.
        }
        catch (Exception failure)
        {
            Fail(Main, ScheduleFailureKind.Exception, failure.Message, failure);
        }
        finally
        {
            _invariants = [];
        }
    }

    private void RunDeclared()
    {
        _firstDeclared = _count;
        _declaredLeft = _run.Threads.Count;
        foreach ((string name, Action body) in _run.Threads)
        {
            Start(name, body);
        }

        while (_declaredLeft > 0)
        {
            Block(Main, _run, long.MaxValue);
        }
    }
}
