namespace GpuSvm.Telemetry;

/// <summary>Keeps all events of a stream: a thread drains it again and again.</summary>
/// <remarks>Locking: no lock may be held while it is stopped, for it waits for its thread.</remarks>
public sealed class EventRecorder : IDisposable
{
    private const int BlockEvents = 1 << 14;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);
    private readonly EventStream _stream;
    private readonly int _most;
    private readonly List<SvmEvent> _events = [];
    private readonly SvmEvent[] _block = new SvmEvent[BlockEvents];
    private readonly WakeEvent _wake = new();
    private readonly SvmThread _thread;
    private bool _isStopping;
    private bool _isStopped;
    private long _left;

    /// <summary>Starts to keep the events of a stream.</summary>
    /// <param name="stream">The stream; nobody else drains it.</param>
    /// <param name="most">Most events to keep, at least 1; those after them are counted as dropped.</param>
    public EventRecorder(EventStream stream, int most)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        _stream = stream;
        _most = most;
        _thread = SvmThread.Start("event recorder", Run);
    }

    /// <summary>Stops, and gives what was kept.</summary>
    /// <returns>The events in the order in which they were written, and how many were dropped. The same again if called again.</returns>
    public RecordedEvents Stop()
    {
        if (!_isStopped)
        {
            _isStopped = true;
            SharedWord.Write(ref _isStopping, true);
            _wake.Set();
            _thread.Join();
        }

        return new RecordedEvents(_events, _stream.Dropped + _left);
    }

    /// <summary>Stops.</summary>
    public void Dispose() => Stop();

    private void Run()
    {
        for (bool isLast = false; !isLast;)
        {
            // Asked before the drain: what was written before the stop is drained after it.
            isLast = SharedWord.Read(ref _isStopping);
            Keep();
            if (!isLast)
            {
                _wake.Wait(Clock.Monotonic.After(Pause));
            }
        }
    }

    private void Keep()
    {
        for (int count = _stream.Drain(_block); count > 0; count = _stream.Drain(_block))
        {
            int kept = Math.Min(count, _most - _events.Count);
            _events.AddRange(_block.AsSpan(0, kept));
            _left += count - kept;
        }
    }
}
