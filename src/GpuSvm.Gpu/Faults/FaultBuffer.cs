using System.Runtime.InteropServices;

namespace GpuSvm.Gpu;

/// <summary>The ring of fault entries, in raw bytes.</summary>
/// <remarks>Locking: writers (SMs) take a device lock; the one reader (the driver) takes it only to move GET.</remarks>
public sealed class FaultBuffer : IFaultBuffer
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly byte[] _bytes;
    private readonly int[] _pollsLeft;
    private readonly int _lateValidPolls;
    private readonly Action _getMoved;
    private int _get;
    private int _put;
    private long _overflows;
    private long _written;
    private bool _overflow;

    /// <summary>Makes an empty ring.</summary>
    /// <param name="entryCount">Number of entries, at least 2; one always stays free.</param>
    /// <param name="lateValidPolls">At which poll an entry shows its valid bit; 0 for at once.</param>
    /// <param name="getMoved">Called after GET moved, with no lock held.</param>
    internal FaultBuffer(int entryCount, int lateValidPolls, Action getMoved)
    {
        EntryCount = entryCount;
        _lateValidPolls = lateValidPolls;
        _getMoved = getMoved;
        _bytes = new byte[entryCount * FaultEntryCodec.SizeBytes];
        _pollsLeft = new int[entryCount];
    }

    /// <inheritdoc/>
    public int EntryCount { get; }

    /// <inheritdoc/>
    public int Get => SharedWord.Read(ref _get);

    /// <inheritdoc/>
    public int Put => SharedWord.Read(ref _put);

    /// <inheritdoc/>
    public bool Overflow => SharedWord.Read(ref _overflow);

    /// <summary>Number of entries that were written.</summary>
    internal long Written => SharedWord.Read(ref _written);

    /// <summary>Number of times that an entry met a full ring.</summary>
    internal long Overflows => SharedWord.Read(ref _overflows);

    /// <summary>The raw bytes of an entry.</summary>
    /// <param name="index">0 to <see cref="EntryCount"/> - 1.</param>
    public ReadOnlySpan<byte> Bytes(int index) => EntryBytes(index);

    /// <inheritdoc/>
    public void WriteGet(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, EntryCount);
        using (_lock.Enter())
        {
            if (Distance(_get, index) > Distance(_get, _put))
            {
                throw new ArgumentOutOfRangeException(nameof(index), index, $"GET moves from {_get} at most to PUT, which is {_put}.");
            }

            SharedWord.Write(ref _get, index);
        }

        _getMoved();
    }

    /// <inheritdoc/>
    public void ClearOverflow() => SharedWord.Write(ref _overflow, false);

    /// <inheritdoc/>
    public bool TryRead(int index, out FaultEntry entry)
    {
        Span<byte> bytes = EntryBytes(index);
        ref uint info = ref Info(bytes);
        if (_pollsLeft[index] > 0 && --_pollsLeft[index] == 0)
        {
            SharedWord.Write(ref info, info | FaultEntryCodec.ValidMask);
        }

        if ((SharedWord.Read(ref info) & FaultEntryCodec.ValidMask) == 0)
        {
            entry = default;
            return false;
        }

        entry = FaultEntryCodec.Decode(bytes);
        return true;
    }

    /// <inheritdoc/>
    public int Take(int index, Span<FaultEntry> entries)
    {
        int taken = 0;
        while (taken < entries.Length && TryRead(index + taken, out entries[taken]))
        {
            MarkInvalid(index + taken);
            taken++;
        }

        return taken;
    }

    /// <inheritdoc/>
    public void MarkInvalid(int index)
    {
        ref uint info = ref Info(EntryBytes(index));
        SharedWord.Write(ref info, info & ~FaultEntryCodec.ValidMask);
    }

    /// <summary>Writes an entry at PUT; the ring must have room for it.</summary>
    /// <param name="entry">The fault.</param>
    /// <param name="whenFull">What a full ring does.</param>
    /// <returns>False when the ring is full: nothing is written.</returns>
    internal bool TryWrite(in FaultEntry entry, WhenFull whenFull)
    {
        using (_lock.Enter())
        {
            int put = _put;
            int next = put + 1 == EntryCount ? 0 : put + 1;
            if (next == _get)
            {
                if (whenFull == WhenFull.SetOverflow)
                {
                    SharedWord.Write(ref _overflow, true);
                    _overflows++;
                }

                return false;
            }

            Span<byte> bytes = EntryBytes(put);
            FaultEntryCodec.EncodeInvalid(entry, bytes);
            SharedWord.Write(ref _pollsLeft[put], _lateValidPolls);
            if (_lateValidPolls == 0)
            {
                ref uint info = ref Info(bytes);
                SharedWord.Write(ref info, info | FaultEntryCodec.ValidMask);
            }

            _written++;
            SharedWord.Write(ref _put, next);
            return true;
        }
    }

    private static ref uint Info(Span<byte> bytes) => ref MemoryMarshal.Cast<byte, uint>(bytes[FaultEntryCodec.InfoOffset..])[0];

    private Span<byte> EntryBytes(int index) => _bytes.AsSpan(index * FaultEntryCodec.SizeBytes, FaultEntryCodec.SizeBytes);

    private int Distance(int from, int to) => to >= from ? to - from : to - from + EntryCount;
}
