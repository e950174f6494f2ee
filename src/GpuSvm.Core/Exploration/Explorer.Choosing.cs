using System.Numerics;

namespace GpuSvm.Core;

/// <content>Choosing: who runs next.</content>
public sealed partial class Explorer
{
    private const int SpinsBeforeFairness = 3;

    private readonly int[] _candidates = new int[MostThreads];
    private long _earliest;
    private long _waited;

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

            long leap = Math.Max(0, _earliest - _now);
            _now += leap;
            _waited += leap;
            if (_waited > _run.PatienceNanoseconds)
            {
                Fail(self, ScheduleFailureKind.Starvation, Deadlock.DescribeStarved(Living(), _waited));
                return null;
            }

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
}
