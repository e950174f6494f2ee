namespace GpuSvm.Gpu;

/// <summary>The directory entries of one depth that the walker remembers.</summary>
/// <param name="shift">Binary logarithm of the bytes that an entry of this depth covers.</param>
/// <remarks>Invalid entries are never kept. Locking: under the walker's lock.</remarks>
internal sealed class DirectoryCache(int shift)
{
    private const int EntryCount = 64;
    private readonly Entry[] _entries = new Entry[EntryCount];

    internal bool TryFind(ulong address, out TablePair tables)
    {
        ref Entry entry = ref Slot(address);
        tables = entry.Tables;
        return entry.IsValid && entry.Prefix == address >> shift;
    }

    internal void Fill(ulong address, TablePair tables) => Slot(address) = new Entry(address >> shift, tables, IsValid: true);

    internal void Drop(AddressRange range)
    {
        foreach (ref Entry entry in _entries.AsSpan())
        {
            if (entry.IsValid && entry.Prefix >= range.Start.Value >> shift && entry.Prefix <= (range.End.Value - 1) >> shift)
            {
                entry = default;
            }
        }
    }

    private ref Entry Slot(ulong address) => ref _entries[(address >> shift) % EntryCount];

    private readonly record struct Entry(ulong Prefix, TablePair Tables, bool IsValid);
}
