namespace GpuSvm.Mmu.Tables;

/// <content>Entries are taken back.</content>
internal sealed partial class TableTree<TFormat>
{
    /// <summary>Drops the references of entries that map nothing, and so are at rest.</summary>
    public void Release(in PageSlot slot, ulong start, ulong end)
    {
        var operation = default(Dropping);
        Walk(slot, start, end, ref operation);
    }

    /// <summary>Takes pages back, and keeps the references.</summary>
    /// <param name="slot">Where the entries stand.</param>
    /// <param name="start">First address.</param>
    /// <param name="end">Address behind the last page.</param>
    /// <param name="smallAtRest">What a small entry is then: sparse or 0.</param>
    public void Unmap(in PageSlot slot, ulong start, ulong end, ulong smallAtRest)
    {
        var operation = new Unmapping<KeepReferences>(smallAtRest);
        Walk(slot, start, end, ref operation);
    }

    /// <summary>Takes pages of memory objects back, with their references.</summary>
    /// <inheritdoc cref="Unmap"/>
    public void UnmapAndRelease(in PageSlot slot, ulong start, ulong end, ulong smallAtRest)
    {
        var operation = new Unmapping<DropReferencesToo>(smallAtRest);
        Walk(slot, start, end, ref operation);
    }

    /// <summary>Takes pages back that are mapped by pfn, with their references and DMA mappings.</summary>
    /// <inheritdoc cref="Unmap"/>
    public void UnmapPfnsAndRelease(in PageSlot slot, ulong start, ulong end, ulong smallAtRest)
    {
        var operation = new Unmapping<DropDmaMappingsToo>(smallAtRest);
        Walk(slot, start, end, ref operation);
    }

    /// <summary>Hands the DMA mappings of pages that were mapped by pfn to the retirement.</summary>
    private void RetireMappings(in PageSlot slot, TableNode node, int first, int count)
    {
        int entryWords = slot.Layout.EntryWords;
        Span<ulong> words = WordsOf(slot, node).Slice(first * entryWords, count * entryWords);
        for (int i = 0; i < count && node.DmaPages > 0; i++)
        {
            if (node.Disown(first + i))
            {
                RetireMapping(slot, words[i * entryWords]);
            }
        }
    }

    private void RetireMapping(in PageSlot slot, ulong word) =>
        _retirement.Add(new DeviceAddress(TFormat.TargetOf(word).Address), slot.Shift - Page.Shift);

    /// <summary>What goes with entries that are taken back.</summary>
    private interface ITaking
    {
        static abstract bool DropsReferences { get; }

        static abstract bool DropsDmaMappings { get; }
    }

    private readonly struct KeepReferences : ITaking
    {
        public static bool DropsReferences => false;

        public static bool DropsDmaMappings => false;
    }

    private readonly struct DropReferencesToo : ITaking
    {
        public static bool DropsReferences => true;

        public static bool DropsDmaMappings => false;
    }

    private readonly struct DropDmaMappingsToo : ITaking
    {
        public static bool DropsReferences => true;

        public static bool DropsDmaMappings => true;
    }

    private readonly struct Dropping : IOperation
    {
        public void Apply(TableTree<TFormat> tree, in PageSlot slot, TableNode node, int first, int count) =>
            tree.DropReferences(slot, node, first, count);
    }

    private readonly struct Unmapping<TTaking>(ulong smallAtRest) : IOperation
        where TTaking : struct, ITaking
    {
        public void Apply(TableTree<TFormat> tree, in PageSlot slot, TableNode node, int first, int count)
        {
            tree._retirement.Batch.Mark(slot.Depth);

            if (TTaking.DropsDmaMappings && node.DmaPages > 0)
            {
                tree.RetireMappings(slot, node, first, count);
            }

            // Entries of a table that goes need not be written: no entry names the table any more.
            if (!TTaking.DropsReferences || tree.DropReferences(slot, node, first, count))
            {
                tree.PutAtRest(slot, node, first, count, smallAtRest);
            }
        }
    }
}
