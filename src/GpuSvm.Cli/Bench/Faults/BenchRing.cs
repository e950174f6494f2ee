using GpuSvm.Gpu;

namespace GpuSvm.Cli.Bench.Faults;

/// <summary>A fault buffer in the bytes of the hardware's entries, which the benchmark fills while nobody drains it.</summary>
/// <param name="entries">Number of entries; one always stays free.</param>
internal sealed class BenchRing(int entries) : IFaultBuffer
{
    private readonly byte[] _bytes = new byte[entries * FaultEntryCodec.SizeBytes];
    private int _get;
    private int _put;

    /// <inheritdoc/>
    public int EntryCount => entries;

    /// <inheritdoc/>
    public int Get => SharedWord.Read(ref _get);

    /// <inheritdoc/>
    public int Put => SharedWord.Read(ref _put);

    /// <inheritdoc/>
    public bool Overflow => false;

    /// <summary>Writes an entry at PUT; there is room for it.</summary>
    public void Write(in FaultEntry entry)
    {
        Span<byte> bytes = BytesOf(_put);
        FaultEntryCodec.EncodeInvalid(entry, bytes);
        bytes[^1] |= 0x80;
        _put = _put + 1 == entries ? 0 : _put + 1;
    }

    /// <inheritdoc/>
    public void WriteGet(int index) => SharedWord.Write(ref _get, index);

    /// <inheritdoc/>
    public void ClearOverflow()
    {
    }

    /// <inheritdoc/>
    public bool TryRead(int index, out FaultEntry entry)
    {
        Span<byte> bytes = BytesOf(index);
        if ((bytes[^1] & 0x80) == 0)
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
        Span<byte> bytes = _bytes.AsSpan(index * FaultEntryCodec.SizeBytes);
        for (int taken = 0; taken < entries.Length; taken++)
        {
            if ((bytes[FaultEntryCodec.SizeBytes - 1] & 0x80) == 0)
            {
                return taken;
            }

            entries[taken] = FaultEntryCodec.Decode(bytes);
            bytes[FaultEntryCodec.SizeBytes - 1] &= 0x7f;
            bytes = bytes[FaultEntryCodec.SizeBytes..];
        }

        return entries.Length;
    }

    /// <inheritdoc/>
    public void MarkInvalid(int index) => BytesOf(index)[^1] &= 0x7f;

    private Span<byte> BytesOf(int index) => _bytes.AsSpan(index * FaultEntryCodec.SizeBytes, FaultEntryCodec.SizeBytes);
}
