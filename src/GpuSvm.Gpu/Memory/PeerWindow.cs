namespace GpuSvm.Gpu;

/// <summary>The memory of other GPUs, as one GPU reaches it: eight pieces of its device addresses, right below its own memory.</summary>
/// <remarks>Who is connected changes while nothing runs that could reach him; look-ups take no lock.</remarks>
internal sealed unsafe class PeerWindow
{
    /// <summary>Number of peers that an entry can name.</summary>
    internal const int PeerCount = 8;

    /// <summary>Most pages of a peer that can be reached: 8 GiB.</summary>
    internal const ulong MaxPages = 1UL << SlotShift;

    /// <summary>Where the window begins among all page numbers that a translation may lead to; those of the IOMMU lie below.</summary>
    internal const ulong FirstPage = VideoMemory.WindowPage - (PeerCount * MaxPages);

    private const int SlotShift = 21;

    private readonly VideoMemory?[] _peers = new VideoMemory?[PeerCount];

    /// <summary>Connects a peer, or with null takes it away.</summary>
    internal void Set(int number, VideoMemory? memory) => SharedWord.Write(ref _peers[number], memory);

    /// <summary>The memory of a peer; null where none is connected.</summary>
    internal VideoMemory? Find(int number) => SharedWord.Read(ref _peers[number]);

    /// <summary>Where a page of a peer's memory is found.</summary>
    /// <param name="number">The peer: connected.</param>
    /// <param name="address">Byte address in its memory, which holds it.</param>
    internal static ulong TargetOf(int number, ulong address) =>
        ((FirstPage + ((ulong)number << SlotShift)) << Page.Shift) + address;

    /// <summary>Finds the first byte of a page.</summary>
    /// <param name="page">A page number that a translation led to.</param>
    /// <param name="at">The byte.</param>
    /// <returns>False for a page of no peer that is connected.</returns>
    internal bool TryReach(ulong page, out byte* at)
    {
        at = null;
        ulong place = unchecked(page - FirstPage);
        if (place >= PeerCount * MaxPages || Find((int)(place >> SlotShift)) is not { } memory)
        {
            return false;
        }

        ulong own = place & (MaxPages - 1);

        // SAFETY: the page number is compared with the size of the memory, which is there as long as it is connected.
        at = own < memory.PageCount ? memory.Base + (own << Page.Shift) : null;
        return own < memory.PageCount;
    }
}
