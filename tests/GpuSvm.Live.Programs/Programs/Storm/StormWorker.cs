namespace GpuSvm.Live.Programs.Storm;

/// <summary>A thread of the storm: repeats a step until it is told to stop.</summary>
internal abstract class StormWorker
{
    private readonly Thread _thread;
    private long _steps;
    private volatile bool _stopping;
    private volatile Exception? _failure;

    /// <summary>Makes a worker, which does not run yet.</summary>
    protected StormWorker(string name, int seed)
    {
        Name = name;
        Random = new Random(seed);
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>What it is called, here and in /proc.</summary>
    public string Name { get; }

    /// <summary>Number of steps done.</summary>
    public long Steps => Interlocked.Read(ref _steps);

    /// <summary>What has ended it, if it failed.</summary>
    public Exception? Failure => _failure;

    /// <summary>True once it has ended.</summary>
    public bool HasEnded => !_thread.IsAlive;

    /// <summary>The worker's own.</summary>
    protected Random Random { get; }

    /// <summary>Starts it.</summary>
    public void Start() => _thread.Start();

    /// <summary>Has it end after the step that it is at.</summary>
    public void Stop() => _stopping = true;

    /// <summary>Does a little.</summary>
    protected abstract void Step();

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                Step();
                Interlocked.Increment(ref _steps);
            }
        }
        catch (Exception failure)
        {
            _failure = failure;
        }
    }
}
