namespace GpuSvm.Live;

/// <summary>What the app has pinned, while system calls or devices that know nothing of faults use it. Thread-safe.</summary>
internal sealed class PinTable : IDisposable
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly Dictionary<long, PagePins> _pins = [];
    private long _lastPin;

    /// <summary>Keeps pins for the app.</summary>
    /// <returns>The number by which it names them.</returns>
    public long Add(PagePins pins)
    {
        using (_lock.Enter())
        {
            _pins.Add(++_lastPin, pins);
            return _lastPin;
        }
    }

    /// <summary>Ends pins.</summary>
    /// <exception cref="ArgumentException">There are none of that number.</exception>
    public void Unpin(long pin)
    {
        PagePins? pins;
        using (_lock.Enter())
        {
            _pins.Remove(pin, out pins);
        }

        if (pins is null)
        {
            throw new ArgumentException($"There is no pin {pin}.", nameof(pin));
        }

        pins.Dispose();
    }

    /// <summary>Ends all pins.</summary>
    public void Dispose()
    {
        long[] left;
        using (_lock.Enter())
        {
            left = [.. _pins.Keys];
        }

        Array.ForEach(left, Unpin);
    }
}
