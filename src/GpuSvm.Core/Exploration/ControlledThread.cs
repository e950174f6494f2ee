using System.Runtime.CompilerServices;

namespace GpuSvm.Core;

/// <summary>A thread of a schedule: it runs only while it has the baton. Its real thread is used again by later schedules.</summary>
internal sealed class ControlledThread(Explorer explorer, int number) : IDisposable
{
    [ThreadStatic]
    private static ControlledThread? t_current;

    private readonly SemaphoreSlim _baton = new(0, 1);
    private Thread? _thread;
    private Action? _body;

    /// <summary>The calling thread, if it belongs to a schedule.</summary>
    public static ControlledThread? Current => t_current;

    /// <summary>The calling thread, if it belongs to a schedule and not to the check of an invariant.</summary>
    public static ControlledThread? Scheduled => t_current is { IsQuiet: false } self ? self : null;

    public Explorer Explorer => explorer;

    /// <summary>0 for the thread that runs the scenario, then 1, 2, … in order of start.</summary>
    public int Number => number;

    public string Name { get; private set; } = "scenario";

    public ThreadState State { get; set; } = ThreadState.Ended;

    /// <summary>What the thread waits for.</summary>
    public object? Resource { get; set; }

    /// <summary>The moment at which a wait ends by itself; the end of time if it does not.</summary>
    public long WakeNanoseconds { get; set; }

    /// <summary>What ends the wait once it holds; null if something must wake the thread.</summary>
    public Func<bool>? Condition { get; set; }

    /// <summary>True while the thread checks invariants: nothing is a schedule point.</summary>
    public bool IsQuiet { get; set; }

    /// <summary>Times that the thread has spun since it did anything else than look at words.</summary>
    public int Spins { get; set; }

    /// <summary>The threads, as bits, that are given a step before this one, which spins, looks again.</summary>
    public ulong Lets { get; set; }

    /// <summary>Marks a schedule point of the calling thread.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Reach(SchedulePointKind kind)
    {
        if (Scheduled is { } self)
        {
            self.Explorer.Point(self, kind);
        }
    }

    /// <summary>Makes the calling thread this one, or no controlled thread again.</summary>
    public static void Become(ControlledThread? thread) => t_current = thread;

    public void Prepare(string name, Action body)
    {
        Name = name;
        _body = body;
        Ready();
        if (_thread is null)
        {
            _thread = new Thread(Loop) { IsBackground = true, Name = "explored" };
            _thread.Start();
        }
    }

    /// <summary>Puts the thread at the start of a schedule.</summary>
    public void Ready()
    {
        State = ThreadState.Runnable;
        Resource = null;
        Condition = null;
        IsQuiet = false;
        Spins = 0;
        Lets = 0;
    }

    public void GiveBaton() => _baton.Release();

    public void TakeBaton() => _baton.Wait();

    public bool TakeBaton(TimeSpan bound) => _baton.Wait(bound);

    /// <summary>Ends the real thread, which waits for a schedule.</summary>
    public void Dispose()
    {
        _body = null;
        if (_thread is not null)
        {
            GiveBaton();
            _thread.Join();
        }

        _baton.Dispose();
    }

    private void Loop()
    {
        t_current = this;
        for (; ; )
        {
            TakeBaton();
            if (_body is not { } body)
            {
                return;
            }

            explorer.RunBody(this, body);
        }
    }

    internal enum ThreadState : byte
    {
        Runnable,
        Blocked,
        Ended,
    }
}
