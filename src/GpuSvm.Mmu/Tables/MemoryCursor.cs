namespace GpuSvm.Mmu.Tables;

/// <summary>Goes through a memory object page by page, and encodes the pages.</summary>
/// <typeparam name="TFormat">How entries are encoded.</typeparam>
/// <param name="memory">The memory.</param>
/// <param name="offset">Where to begin, in bytes.</param>
/// <param name="attributes">How the pages are mapped.</param>
internal struct MemoryCursor<TFormat>(GpuMemoryObject memory, ulong offset, MapAttributes attributes)
    where TFormat : struct, IPageTableFormat
{
    private const TranslationRights Everything = TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic;

    // The bit for atomics stays as it is: the one for stores forbids them too.
    private const TranslationRights NoStores = TranslationRights.Read | TranslationRights.Atomic;

    private readonly TranslationRights _rights = (attributes.Attributes & PageAttributes.ReadOnly) != 0 ? NoStores : Everything;
    private ulong _offset = offset;

    /// <summary>Takes pages of contiguous memory.</summary>
    /// <param name="slot">Their size.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="word">The entry of the first one.</param>
    /// <returns>How many: at least one.</returns>
    public int Take(in PageSlot slot, int count, out ulong word)
    {
        MemoryExtent extent = memory.From(_offset);
        word = TFormat.EncodePage(new PageTarget(memory.Target, extent.Address), _rights, attributes.Attributes, attributes.Kind);

        // An extent smaller than a page is followed by one that goes on where it ends.
        int taken = (int)Math.Clamp(extent.Size >> slot.Shift, 1, (ulong)count);
        _offset += (ulong)taken << slot.Shift;
        return taken;
    }
}
