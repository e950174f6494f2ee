namespace GpuSvm.Core;

/// <summary>A named background thread whose failure is not lost: <see cref="Join"/> throws it.</summary>
public sealed class SvmThread
{
    private readonly Thread _thread;
    private readonly Action _body;
    private Exception? _failure;

    private SvmThread(string name, Action body)
    {
        _body = body;
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>True if the calling thread is this one.</summary>
    public bool IsCurrent => Thread.CurrentThread == _thread;

    /// <summary>An id of the calling thread, for owner marks; never 0.</summary>
    public static int CurrentId => Environment.CurrentManagedThreadId;

    /// <summary>Starts a thread.</summary>
    /// <param name="name">Shown in debuggers and traces.</param>
    /// <param name="body">What it does.</param>
    public static SvmThread Start(string name, Action body)
    {
        var thread = new SvmThread(name, body);
        SchedulePoint.Reach(SchedulePointKind.Thread);
        thread._thread.Start();
        return thread;
    }

    /// <summary>Waits until the thread has ended.</summary>
    /// <exception cref="AggregateException">The thread ended with an exception, which is the inner one.</exception>
    public void Join()
    {
        SchedulePoint.Reach(SchedulePointKind.Wait);
        _thread.Join();
        if (_failure is { } failure)
        {
            throw new AggregateException($"Thread '{_thread.Name}' ended with an exception.", failure);
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
