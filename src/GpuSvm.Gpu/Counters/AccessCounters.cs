using System.Numerics;

namespace GpuSvm.Gpu;

/// <summary>The access counters of one SM for one channel: a table of fixed size, in which who comes takes the place of who was there.</summary>
/// <remarks>One thread at a time uses it, that of the SM: counting takes no lock, and touches no memory of others until a counter notifies.</remarks>
internal sealed class AccessCounters
{
    private const int IndexBits = 8;
    private const ulong SmallestPart = 64 << 10;
    private const ulong VideoMark = 1UL << 63;

    private readonly AccessCounterBuffer _buffer;
    private readonly InstancePointer _instance;
    private readonly int _granularityShift;
    private readonly int _partShift;
    private readonly Counter[] _counters = new Counter[1 << IndexBits];
    private int _epoch;

    internal AccessCounters(AccessCounterBuffer buffer, InstancePointer instance)
    {
        ulong granularity = buffer.Granularity.Bytes;
        _buffer = buffer;
        _instance = instance;
        _granularityShift = BitOperations.Log2(granularity);
        _partShift = BitOperations.Log2(Math.Max(SmallestPart, granularity / 32));
    }

    /// <summary>Counts an access to the GPU's own memory.</summary>
    /// <param name="address">Byte address there.</param>
    internal void CountVideo(ulong address) => Count(address, VideoMark);

    /// <summary>Counts an access to memory elsewhere.</summary>
    /// <param name="address">Virtual address.</param>
    internal void CountOther(ulong address) => Count(address, 0);

    private void Count(ulong address, ulong mark)
    {
        unchecked
        {
            int epoch = _buffer.Epoch;
            if (epoch != _epoch)
            {
                _epoch = epoch;
                Array.Clear(_counters);
            }

            // The mark also tells a counter in use from one that is not, as granule 0 of virtual memory is never mapped.
            ulong granule = (address >> _granularityShift) | mark;
            ref Counter counter = ref _counters[(granule * 0x9E37_79B9_7F4A_7C15) >> (64 - IndexBits)];
            if (counter.Granule != granule)
            {
                counter = new Counter { Granule = granule };
            }

            counter.Parts |= 1u << (int)((address - ((granule & ~VideoMark) << _granularityShift)) >> _partShift);
            if (++counter.Count >= _buffer.Threshold)
            {
                ulong start = (granule & ~VideoMark) << _granularityShift;
                _buffer.Write(new AccessNotification(_instance, mark != 0, start, counter.Parts, counter.Count));
                counter = default;
            }
        }
    }

    private struct Counter
    {
        internal ulong Granule;
        internal int Count;
        internal uint Parts;
    }
}
