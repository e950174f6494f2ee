namespace GpuSvm.Live;

/// <summary>Where the engine tells of trouble: one line each, on the error output that it shares with the app. Thread-safe.</summary>
/// <remarks>
/// Written by a thread of its own: the output may be a pipe that nobody reads, and faults must be served all the same. What does not fit
/// the queue is left out.
/// </remarks>
internal sealed class EngineLog
{
    private const int Longest = 256;
    private readonly RankedLock _lock = new(LockRank.Telemetry);
    private readonly WaitQueue _changed;
    private readonly Queue<string> _lines = new();
    private readonly TextWriter _output;
    private bool _writing;

    /// <summary>Starts the thread that writes.</summary>
    /// <param name="output">Used by this log alone.</param>
    public EngineLog(TextWriter output)
    {
        _output = output;
        _changed = new WaitQueue(_lock);
        SvmThread.Start("svm log", Run);
    }

    /// <summary>Writes a line, some time soon.</summary>
    public void Write(string line)
    {
        using (_lock.Enter())
        {
            if (_lines.Count < Longest)
            {
                _lines.Enqueue($"gpusvm: {line}");
            }
        }

        _changed.WakeAll();
    }

    /// <summary>Waits until all lines are written, but not for ever.</summary>
    public void Flush()
    {
        Deadline deadline = Clock.Monotonic.After(Deadline.Default);
        using (_lock.Enter())
        {
            while ((_lines.Count > 0 || _writing) && _changed.Wait(deadline))
            {
                // Woken: look again.
            }
        }
    }

    private void Run()
    {
        while (true)
        {
            string? line;
            using (_lock.Enter())
            {
                _writing = false;
                while (!_lines.TryDequeue(out line))
                {
                    _changed.WakeAll();
                    _changed.Wait(Clock.Monotonic.After(TimeSpan.MaxValue));
                }

                _writing = true;
            }

            _output.WriteLine(line);
            _output.Flush();
        }
    }
}
