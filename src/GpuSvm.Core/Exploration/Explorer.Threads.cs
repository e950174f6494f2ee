namespace GpuSvm.Core;

/// <content>Threads: start, end, join, and how those of a schedule that has ended before them are unwound.</content>
public sealed partial class Explorer
{
    private const int MostUnwindings = 10_000;
    private static readonly TimeSpan UnwindingBound = TimeSpan.FromSeconds(10);

    private int _count;
    private int _firstDeclared;
    private int _declaredLeft;
    private int _unwindings;
    private bool _aborting;
    private ScheduleFailure? _failure;

    /// <summary>True while threads are unwound: what they release may not be theirs any more.</summary>
    internal bool IsAborting => _aborting;

    /// <summary>Starts a thread of the schedule; it runs when it is chosen.</summary>
    internal ControlledThread Start(string name, Action body)
    {
        if (_count == MostThreads)
        {
            throw new InvalidOperationException($"A schedule has at most {MostThreads - 1} threads.");
        }

        if (_count == _threads.Count)
        {
            _threads.Add(new ControlledThread(this, _count));
        }

        ControlledThread thread = _threads[_count++];
        thread.Prepare(name, body);
        return thread;
    }

    /// <summary>Waits until a thread has ended.</summary>
    internal void Join(ControlledThread self, ControlledThread other)
    {
        while (other.State != ControlledThread.ThreadState.Ended)
        {
            Block(self, other, long.MaxValue);
        }
    }

    /// <summary>Runs a thread's body with the baton in hand, and hands the baton on.</summary>
    internal void RunBody(ControlledThread self, Action body)
    {
        try
        {
            if (!_aborting)
            {
                body();
            }
        }
        catch (ScheduleAbortedException) when (_aborting)
        {
            // Unwound, as it should be.
        }
        catch (Exception failure)
        {
            Fail(self, ScheduleFailureKind.Exception, failure.Message, failure);
        }

        HeldLocks.Clear();
        End(self);
    }

    /// <summary>Records the first failure of a schedule and has its threads unwound.</summary>
    internal void Fail(ControlledThread self, ScheduleFailureKind kind, string message, Exception? exception = null)
    {
        if (!_aborting)
        {
            _failure = new ScheduleFailure(kind, message, self.Name, exception);
            _aborting = true;
        }
    }

    private void End(ControlledThread self)
    {
        if (!_aborting)
        {
            CountStep(self, SchedulePointKind.Thread);
        }

        self.State = ControlledThread.ThreadState.Ended;
        Wake(self);
        if (self.Number >= _firstDeclared && self.Number < _firstDeclared + _run.Threads.Count && --_declaredLeft == 0)
        {
            Wake(_run);
        }

        ControlledThread? next = _aborting ? Main : ChooseNext(self, SchedulePointKind.Thread);
        if (next is null)
        {
            Fail(self, ScheduleFailureKind.Deadlock, Deadlock.Describe(Living()));
        }

        RecordTurn(self);
        (next ?? Main).GiveBaton();
    }

    /// <summary>Has every thread that is left end, one after another. The calling thread is the scenario's.</summary>
    private void UnwindAll()
    {
        _aborting = true;
        for (int i = 1; i < _count && IsUsable; i++)
        {
            if (_threads[i].State != ControlledThread.ThreadState.Ended)
            {
                _threads[i].GiveBaton();
                IsUsable &= Main.TakeBaton(UnwindingBound);
            }
        }
    }

    /// <summary>What a schedule point does while threads are unwound.</summary>
    private void Unwind(ControlledThread self, SchedulePointKind kind)
    {
        if (kind is SchedulePointKind.Unlock or SchedulePointKind.Wake)
        {
            return;
        }

        if (++_unwindings > MostUnwindings && self != Main)
        {
            // It catches what should unwind it, again and again. It is left where it is, for good.
            IsUsable = false;
            Main.GiveBaton();
            Thread.Sleep(Timeout.Infinite);
        }

        throw new ScheduleAbortedException();
    }

    private ReadOnlySpan<ControlledThread> Living() =>
        _threads.Take(_count).Where(thread => thread.State != ControlledThread.ThreadState.Ended && thread != Main).ToArray();
}
