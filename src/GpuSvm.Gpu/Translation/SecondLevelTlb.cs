namespace GpuSvm.Gpu;

/// <summary>The translation cache that all SMs share for one address space.</summary>
/// <remarks>
/// <para>
/// An entry is one word, so that it is read without a lock: bits 63:31 the page number's upper part, 30:3 the device page, 2:0 rights.
/// </para>
/// <para>Locking: filled and dropped under the walker's lock, so that no walk from before a drop leaves anything behind.</para>
/// </remarks>
internal sealed class SecondLevelTlb
{
    internal const int EntryCount = 4096;

    /// <summary>Device page numbers lie below this: 1 TiB of device addresses.</summary>
    internal const ulong DevicePageLimit = 1UL << DevicePageBits;

    private const int IndexBits = 12;
    private const int RightsBits = 3;
    private const int DevicePageBits = 28;
    private const int TagShift = RightsBits + DevicePageBits;
    private const ulong IndexMask = EntryCount - 1;
    private const ulong RightsMask = (1UL << RightsBits) - 1;

    private readonly ulong[] _entries = new ulong[EntryCount];

    /// <summary>Looks an address up. Any thread.</summary>
    /// <param name="address">An address of at most 57 bits.</param>
    /// <param name="needed">What the access needs.</param>
    /// <param name="rights">What the entry allows.</param>
    /// <param name="target">Device address of the page.</param>
    internal bool TryTranslate(ulong address, TranslationRights needed, out TranslationRights rights, out ulong target)
    {
        ulong page = address >> Page.Shift;
        ulong entry = SharedWord.Read(ref _entries[page & IndexMask]);
        rights = (TranslationRights)(entry & RightsMask);
        target = ((entry >> RightsBits) & (DevicePageLimit - 1)) << Page.Shift;
        return entry >> TagShift == page >> IndexBits && (rights & needed) == needed;
    }

    /// <summary>Stores a translation. Under the walker's lock.</summary>
    internal void Fill(ulong address, TranslationRights rights, ulong target)
    {
        ulong page = address >> Page.Shift;
        ulong devicePage = target >> Page.Shift;
        if (devicePage < DevicePageLimit)
        {
            SharedWord.Write(ref _entries[page & IndexMask], ((page >> IndexBits) << TagShift) | (devicePage << RightsBits) | (ulong)rights);
        }
    }

    /// <summary>Empties the entries of a range. Under the walker's lock.</summary>
    internal void Drop(AddressRange range)
    {
        if (range.PageCount >= EntryCount)
        {
            Array.Clear(_entries);
            return;
        }

        for (ulong page = range.Start.Value >> Page.Shift; page << Page.Shift < range.End.Value; page++)
        {
            ref ulong entry = ref _entries[page & IndexMask];
            if (entry >> TagShift == page >> IndexBits)
            {
                SharedWord.Write(ref entry, 0);
            }
        }
    }
}
