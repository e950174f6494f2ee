namespace GpuSvm.Core;

/// <summary>A named background thread whose failure is not lost: <see cref="Join"/> throws it.</summary>
public sealed class SvmThread
{
    private readonly Thread? _thread;
    private readonly ControlledThread? _controlled;
    private readonly string _name;
    private readonly Action _body;
    private Exception? _failure;

    private SvmThread(string name, Action body)
    {
        _name = name;
        _body = body;
        if (Exploration.Enabled && ControlledThread.Scheduled is { } self)
        {
            _controlled = self.Explorer.Start(name, RunControlled);
        }
        else
        {
            _thread = new Thread(Run) { IsBackground = true, Name = name };
        }
    }

    /// <summary>True if the calling thread is this one.</summary>
    public bool IsCurrent => _controlled is null ? Thread.CurrentThread == _thread : ControlledThread.Current == _controlled;

    /// <summary>An id of the calling thread, for owner marks; never 0.</summary>
    public static int CurrentId =>
        Exploration.Enabled && ControlledThread.Current is { } self ? self.Number + 1 : Environment.CurrentManagedThreadId;

    /// <summary>Starts a thread.</summary>
    /// <param name="name">Shown in debuggers and traces.</param>
    /// <param name="body">What it does.</param>
    public static SvmThread Start(string name, Action body)
    {
        SchedulePoint.Reach(SchedulePointKind.Thread);
        var thread = new SvmThread(name, body);
        thread._thread?.Start();
        return thread;
    }

    /// <summary>Waits until the thread has ended.</summary>
    /// <exception cref="AggregateException">The thread ended with an exception, which is the inner one.</exception>
    public void Join()
    {
        SchedulePoint.Reach(SchedulePointKind.Wait);
        if (_controlled is null)
        {
            _thread!.Join();
        }
        else if (ControlledThread.Scheduled is { } self)
        {
            self.Explorer.Join(self, _controlled);
        }

        if (_failure is { } failure)
        {
            throw new AggregateException($"Thread '{_name}' ended with an exception.", failure);
        }
    }

    /// <summary>The body in an explored schedule, which a thread's failure fails.</summary>
    private void RunControlled()
    {
        Run();
        if (_failure is not (null or ScheduleAbortedException))
        {
            throw new AggregateException($"Thread '{_name}' ended with an exception.", _failure);
        }
    }

    private void Run()
    {
        SchedulePoint.Reach(SchedulePointKind.Thread);
        try
        {
            _body();
            Checks.That(HeldLocks.Count == 0, "A thread ends without holding a lock.");
        }
        catch (Exception failure)
        {
            _failure = failure;
        }
    }
}
