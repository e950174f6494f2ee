namespace GpuSvm.Core;

/// <content>Steps: what a thread does at a schedule point, and how it waits.</content>
public sealed partial class Explorer
{
    private const long FirstMoment = 1_000_000_000;
    private const long StepNanoseconds = 1_000;

    private readonly int[] _stepsOf = new int[MostThreads];
    private readonly List<ScheduleTurn> _turns = [];
    private IReadOnlyList<Action> _invariants = [];
    private List<ScheduleStep>? _trace;
    private int _steps;
    private int _setupPoints;
    private ulong _hash;
    private long _now;

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
        StepObserver?.Invoke();
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
            string sentence = failure is InvariantException broken ? broken.Invariant : failure.Message;
            Fail(self, ScheduleFailureKind.Invariant, sentence, failure);
        }
        finally
        {
            self.IsQuiet = false;
        }
    }

    private ReadOnlySpan<ControlledThread> Pool(int count) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_threads)[..count];
}
