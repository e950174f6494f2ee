using System.Numerics;

namespace GpuSvm.Core;

/// <content>Steps: what a thread does at a schedule point, how it waits, and who runs next.</content>
public sealed partial class Explorer
{
    private const long FirstMoment = 1_000_000_000;
    private const long StepNanoseconds = 1_000;
    private const int SpinsBeforeFairness = 3;

    private readonly int[] _stepsOf = new int[MostThreads];
    private readonly int[] _candidates = new int[MostThreads];
    private readonly List<ScheduleTurn> _turns = [];
    private IReadOnlyList<Action> _invariants = [];
    private List<ScheduleStep>? _trace;
    private int _steps;
    private int _setupPoints;
    private ulong _hash;
    private long _now;
    private long _earliest;

    /// <summary>The virtual time.</summary>
    internal long NowNanoseconds => _now;

    /// <summary>Counts a step of the running thread and lets the schedule choose who runs next.</summary>
    internal void Point(ControlledThread self, SchedulePointKind kind)
    {
        if (!_aborting)
        {
            CountStep(self, kind);
        }

        if (_aborting)
        {
            Unwind(self, kind);
            return;
        }

        if (self == Main)
        {
            return;
        }

        self.Spins = kind switch
        {
            SchedulePointKind.Spin => self.Spins + 1,
            SchedulePointKind.Word => self.Spins,
            _ => 0,
        };
        HandOver(self, ChooseNext(self, kind)!);
        if (_aborting)
        {
            Unwind(self, kind);
        }
    }

    /// <summary>Has the running thread wait until the resource is woken or the moment comes.</summary>
    /// <param name="self">The running thread.</param>
    /// <param name="resource">What <see cref="Wake"/> will name.</param>
    /// <param name="untilNanoseconds">A moment of the virtual clock; the largest number if the wait does not end by itself.</param>
    internal void Block(ControlledThread self, object resource, long untilNanoseconds) => Block(self, resource, untilNanoseconds, null);

    /// <summary>Has the calling thread wait until a condition holds.</summary>
    internal void BlockUntil(Func<bool> condition)
    {
        ControlledThread self = ControlledThread.Scheduled
            ?? throw new InvalidOperationException("Only a thread of the schedule can wait for it.");
        while (!condition())
        {
            Block(self, condition, long.MaxValue, condition);
        }
    }

    /// <summary>Lets the threads that wait for a resource run again.</summary>
    internal void Wake(object resource)
    {
        for (int i = 0; i < _count; i++)
        {
            ControlledThread thread = _threads[i];
            if (thread.State == ControlledThread.ThreadState.Blocked && ReferenceEquals(thread.Resource, resource))
            {
                thread.State = ControlledThread.ThreadState.Runnable;
            }
        }
    }

    private void Block(ControlledThread self, object resource, long until, Func<bool>? condition)
    {
        if (!_aborting)
        {
            CountStep(self, SchedulePointKind.Wait);
        }

        if (_aborting)
        {
            Unwind(self, SchedulePointKind.Wait);
        }

        self.State = ControlledThread.ThreadState.Blocked;
        self.Resource = resource;
        self.Condition = condition;
        self.WakeNanoseconds = until;
        self.Spins = 0;
        _earliest = Math.Min(_earliest, until);
        if (ChooseNext(self, SchedulePointKind.Wait) is { } next)
        {
            HandOver(self, next);
        }
        else
        {
            Fail(self, ScheduleFailureKind.Deadlock, Deadlock.Describe(Living()));
        }

        if (_aborting)
        {
            Unwind(self, SchedulePointKind.Wait);
        }
    }

    private void HandOver(ControlledThread self, ControlledThread next)
    {
        if (next != self)
        {
            RecordTurn(self);
            next.GiveBaton();
            self.TakeBaton();
        }
    }

    private void RecordTurn(ControlledThread self)
    {
        if (self != Main)
        {
            _turns.Add(new ScheduleTurn(self.Number, _stepsOf[self.Number]));
        }
    }

    private void CountStep(ControlledThread self, SchedulePointKind kind)
    {
        _now += StepNanoseconds;
        if (self == Main)
        {
            if (++_setupPoints > 100L * _stepLimit)
            {
                Fail(self, ScheduleFailureKind.StepLimit, "The scenario's own thread does not end.");
            }

            return;
        }

        _stepsOf[self.Number]++;
        _hash = unchecked((_hash ^ (((ulong)self.Number << 8) | (byte)kind)) * 0x100000001b3UL);
        _trace?.Add(SourceLines.Here(self.Name, kind));
        foreach (ControlledThread thread in Pool(_count))
        {
            thread.Lets &= ~(1UL << self.Number);
        }

        if (++_steps >= _stepLimit)
        {
            Fail(self, ScheduleFailureKind.StepLimit, $"The schedule has not ended after {_steps} steps.");
        }

        CheckInvariants(self);
    }

    private void CheckInvariants(ControlledThread self)
    {
        if (_invariants.Count == 0)
        {
            return;
        }

        self.IsQuiet = true;
        try
        {
            for (int i = 0; i < _invariants.Count; i++)
            {
                _invariants[i]();
            }
        }
        catch (Exception failure)
        {
            Fail(self, ScheduleFailureKind.Invariant, failure.Message, failure);
        }
        finally
        {
            self.IsQuiet = false;
        }
    }

    /// <summary>The thread that runs next, or null if none ever can.</summary>
    private ControlledThread? ChooseNext(ControlledThread self, SchedulePointKind kind)
    {
        ulong runnable = Runnable(self);
        while (runnable == 0)
        {
            // The earliest moment may be that of a thread that was woken before it; then the next one is looked for.
            if (_earliest == long.MaxValue)
            {
                return null;
            }

            _now = Math.Max(_now, _earliest);
            runnable = Runnable(self);
        }

        if ((runnable & 1) != 0)
        {
            return Main;
        }

        runnable = Fair(self, kind, runnable);
        if ((runnable & (runnable - 1)) == 0)
        {
            return _threads[BitOperations.TrailingZeroCount(runnable)];
        }

        int count = 0;
        for (ulong rest = runnable; rest != 0; rest &= rest - 1)
        {
            _candidates[count++] = BitOperations.TrailingZeroCount(rest);
        }

        int chosen = _schedule.Choose(new ScheduleChoice(_candidates.AsSpan(0, count), _stepsOf, self.Number, _steps, kind));
        return _candidates.AsSpan(0, count).Contains(chosen)
            ? _threads[chosen]
            : throw new InvalidOperationException("A schedule chose a thread that cannot run.");
    }

    /// <summary>The threads that can run, as bits; ends the waits whose moment or condition has come.</summary>
    private ulong Runnable(ControlledThread self)
    {
        ulong runnable = 0;
        bool due = _now >= _earliest;
        _earliest = due ? long.MaxValue : _earliest;
        foreach (ControlledThread thread in Pool(_count))
        {
            if (thread.State == ControlledThread.ThreadState.Blocked)
            {
                if (thread.WakeNanoseconds <= _now || IsMet(self, thread.Condition))
                {
                    thread.State = ControlledThread.ThreadState.Runnable;
                }
                else if (due)
                {
                    _earliest = Math.Min(_earliest, thread.WakeNanoseconds);
                }
            }

            runnable |= thread.State == ControlledThread.ThreadState.Runnable ? 1UL << thread.Number : 0;
        }

        return runnable;
    }

    /// <summary>Leaves a thread that spins out as long as others can make progress that it may wait for.</summary>
    /// <remarks>
    /// At first any other thread goes before it. A thread that spins on lets every other one make a step, or two that spin could keep
    /// out for ever the third for which they wait.
    /// </remarks>
    private ulong Fair(ControlledThread self, SchedulePointKind kind, ulong runnable)
    {
        ulong others = runnable & ~(1UL << self.Number);
        if (kind == SchedulePointKind.Spin && others != 0)
        {
            self.Lets = self.Spins >= SpinsBeforeFairness ? others : 0;
            runnable = others;
        }

        ulong fair = runnable;
        foreach (ControlledThread thread in Pool(_count))
        {
            fair &= (thread.Lets & runnable) != 0 ? ~(1UL << thread.Number) : ulong.MaxValue;
        }

        return fair != 0 ? fair : runnable;
    }

    private bool IsMet(ControlledThread self, Func<bool>? condition)
    {
        if (condition is null)
        {
            return false;
        }

        bool was = self.IsQuiet;
        self.IsQuiet = true;
        bool met = condition();
        self.IsQuiet = was;
        return met;
    }

    private ReadOnlySpan<ControlledThread> Pool(int count) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_threads)[..count];
}
