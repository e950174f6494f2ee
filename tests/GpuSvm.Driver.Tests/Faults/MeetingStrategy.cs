using System.Collections.Concurrent;

namespace GpuSvm.Driver.Tests.Faults;

/// <summary>Holds the first block of a batch open until a second one is being served, and notes who was served by two at the same time.</summary>
internal sealed class MeetingStrategy(PerFaultStrategy inner) : IMirrorStrategy
{
    private readonly ConcurrentDictionary<ulong, int> _inside = new();
    private readonly WakeEvent _second = new();
    private int _entered;

    public string Name => "meeting";

    public MirrorStatistics Statistics => inner.Statistics;

    /// <summary>Blocks that a worker began while another was serving them.</summary>
    public ConcurrentBag<ulong> ServedTwice { get; } = [];

    /// <summary>True if the first worker was not left alone.</summary>
    public bool HaveMet { get; private set; }

    public Errno TryAcquire(AddressRange wanted, int worker, out MirrorInterval interval)
    {
        ulong block = HugePage.AlignDown(wanted.Start.Value);
        if (!_inside.TryAdd(block, worker))
        {
            ServedTwice.Add(block);
        }

        switch (Interlocked.Increment(ref _entered))
        {
            case 1:
                HaveMet = _second.Wait(Clock.Monotonic.After(TimeSpan.FromSeconds(60)));
                break;
            case 2:
                _second.Set();
                break;
        }

        return inner.TryAcquire(wanted, worker, out interval);
    }

    public void Release(in MirrorInterval interval)
    {
        _inside.TryRemove(HugePage.AlignDown(interval.Range.Start.Value), out _);
        inner.Release(interval);
    }

    public void Dispose() => inner.Dispose();
}
