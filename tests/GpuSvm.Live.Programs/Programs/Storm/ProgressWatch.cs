namespace GpuSvm.Live.Programs.Storm;

/// <summary>Beats for whoever watches this process, and finds the worker that no longer gets on.</summary>
internal sealed class ProgressWatch
{
    /// <summary>Time between two beats.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    /// <summary>Beats without progress after which a worker counts as stuck. Not seconds: a slow machine beats slowly.</summary>
    private const int MostBeats = 100;

    private readonly StormWorker[] _workers;
    private readonly TextWriter _output;
    private readonly long[] _steps;
    private readonly int[] _idleBeats;
    private int _beats;

    /// <summary>Makes a watch.</summary>
    public ProgressWatch(StormWorker[] workers, TextWriter output)
    {
        _workers = workers;
        _output = output;
        _steps = new long[workers.Length];
        _idleBeats = new int[workers.Length];
    }

    /// <summary>The longest that any worker stood still, in beats.</summary>
    public int LongestPause { get; private set; }

    /// <summary>Waits for the next beat and looks at all workers.</summary>
    /// <exception cref="CheckFailedException">One has failed, or does not get on.</exception>
    public void Next()
    {
        Thread.Sleep(Beat);
        _output.WriteLine($"beat {++_beats}");
        _output.Flush();
        for (int i = 0; i < _workers.Length; i++)
        {
            Look(i);
        }
    }

    private void Look(int i)
    {
        StormWorker worker = _workers[i];
        if (worker.Failure is { } failure)
        {
            throw new CheckFailedException($"{worker.Name}: {failure}");
        }

        long steps = worker.Steps;
        _idleBeats[i] = worker.HasEnded || steps != _steps[i] ? 0 : _idleBeats[i] + 1;
        _steps[i] = steps;
        LongestPause = Math.Max(LongestPause, _idleBeats[i]);
        if (_idleBeats[i] == MostBeats)
        {
            throw new CheckFailedException($"{worker.Name} has not got on for {MostBeats} beats\n{TaskDump.Of(Environment.ProcessId)}");
        }
    }
}
