using GpuSvm.Core;
using GpuSvm.Live;
using GpuSvm.Telemetry;

namespace GpuSvm;

/// <summary>Fetches the engine's events, time and again, and writes them to a stream of this process.</summary>
internal sealed class EventFetcher
{
    /// <summary>Number of events that the engine keeps meanwhile.</summary>
    public const int Slots = 1 << 17;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private readonly LiveClient _client;
    private readonly EventStream _events;
    private readonly WakeEvent _wake = new();
    private readonly SvmThread _thread;
    private bool _isStopping;
    private long _dropped;

    /// <summary>Starts to fetch.</summary>
    public EventFetcher(LiveClient client, EventStream events)
    {
        _client = client;
        _events = events;
        _thread = SvmThread.Start("svm fetch", Run);
    }

    /// <summary>Fetches what is left, and ends.</summary>
    public void Stop()
    {
        SharedWord.Write(ref _isStopping, true);
        _wake.Set();
        _thread.Join();
    }

    private void Run()
    {
        try
        {
            for (bool isLast = false; !isLast;)
            {
                // Asked before: what was written before the stop is fetched after it.
                isLast = SharedWord.Read(ref _isStopping);
                while (Fetch() > 0)
                {
                    // There may be more.
                }

                if (!isLast)
                {
                    _wake.Wait(Clock.Monotonic.After(Pause));
                }
            }
        }
        catch (SvmException)
        {
            // The engine has ended; who waits for a launch is told why.
        }
    }

    private int Fetch()
    {
        EventsReply reply = _client.DrainEvents();
        ReadOnlySpan<SvmEvent> events = reply.ToEvents();
        foreach (ref readonly SvmEvent happened in events)
        {
            _events.Write(happened);
        }

        _events.AddDropped(reply.Dropped - _dropped);
        _dropped = reply.Dropped;
        return events.Length;
    }
}
