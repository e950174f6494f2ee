namespace GpuSvm.Mmu.Tables;

/// <content>Pages are written. The entries are referenced already: nothing fails here.</content>
internal sealed partial class TableTree<TFormat>
{
    /// <summary>Maps a range of a memory object, and replaces what is mapped there.</summary>
    /// <param name="slot">Where the entries stand.</param>
    /// <param name="start">First address.</param>
    /// <param name="end">Address behind the last page.</param>
    /// <param name="source">The memory, and how it is mapped.</param>
    /// <param name="leaves">What the device may remember of the entries: nothing, or that they were sparse or pages.</param>
    public void Map(in PageSlot slot, ulong start, ulong end, MemoryCursor<TFormat> source, EntryHistory leaves)
    {
        // An entry of a large table said that there are no small pages, or that they be asked.
        if (leaves == EntryHistory.Remembered || (slot.IsLarge && TFormat.NoSmallPages != 0))
        {
            _retirement.Batch.Mark(slot.Depth);
        }

        var operation = new Mapping(source);
        Walk(slot, start, end, ref operation);
    }

    /// <summary>Maps pages of video memory by pfn where nothing is mapped. All entries are valid.</summary>
    public void MapVideoPages(in PageSlot slot, ulong start, ReadOnlySpan<PfnEntry> pfns, EntryHistory leaves)
    {
        if (leaves == EntryHistory.Remembered)
        {
            _retirement.Batch.Mark(slot.Depth);
        }

        var operation = new VideoPages(pfns);
        Walk(slot, start, start + ((ulong)pfns.Length << slot.Shift), ref operation);
    }

    /// <summary>Writes pages that were encoded before.</summary>
    /// <param name="slot">Where the entries stand.</param>
    /// <param name="start">First address.</param>
    /// <param name="pfns">The pages: they say which DMA mappings are the address space's own.</param>
    /// <param name="words">Their entries.</param>
    /// <param name="leaves">What the device may remember of the entries.</param>
    public void MapWords(in PageSlot slot, ulong start, ReadOnlySpan<PfnEntry> pfns, ReadOnlySpan<ulong> words, EntryHistory leaves)
    {
        if (leaves == EntryHistory.Remembered)
        {
            _retirement.Batch.Mark(slot.Depth);
        }

        var operation = new Encoded(pfns, words);
        Walk(slot, start, start + ((ulong)words.Length << slot.Shift), ref operation);
    }

    /// <summary>Takes back what is mapped by pfn, unless the new page may be written over it without a flush.</summary>
    public void WithdrawReplaced(in PageSlot slot, ulong start, ReadOnlySpan<ulong> words)
    {
        var operation = new Withdrawal(words);
        Walk(slot, start, start + ((ulong)words.Length << slot.Shift), ref operation);
    }

    private ref struct Mapping(MemoryCursor<TFormat> source) : IOperation
    {
        private MemoryCursor<TFormat> _source = source;

        public void Apply(TableTree<TFormat> tree, in PageSlot slot, TableNode node, int first, int count)
        {
            Span<ulong> words = tree.WordsOf(slot, node);
            while (count > 0)
            {
                int run = _source.Take(slot, count, out ulong word);
                WritePages(slot, words, first, run, word, TFormat.PageStep(slot.Shift));
                first += run;
                count -= run;
            }
        }
    }

    private ref struct VideoPages(ReadOnlySpan<PfnEntry> pfns) : IOperation
    {
        private ReadOnlySpan<PfnEntry> _pfns = pfns;

        public void Apply(TableTree<TFormat> tree, in PageSlot slot, TableNode node, int first, int count)
        {
            Span<ulong> words = tree.WordsOf(slot, node);
            if (slot.Layout.EntryWords == 1 && !Exploration.Enabled)
            {
                TFormat.EncodeVideoPages(_pfns[..count], words.Slice(first, count));
            }
            else
            {
                WriteSingly(slot, words, first, _pfns[..count]);
            }

            _pfns = _pfns[count..];
        }

        private static void WriteSingly(in PageSlot slot, Span<ulong> words, int first, ReadOnlySpan<PfnEntry> pfns)
        {
            for (int i = 0; i < pfns.Length; i++)
            {
                ulong word = TFormat.EncodePage(new PageTarget(Aperture.VideoMemory, pfns[i].Address), pfns[i].Rights);
                WritePages(slot, words, first + i, 1, word, 0);
            }
        }
    }

    private ref struct Encoded(ReadOnlySpan<PfnEntry> pfns, ReadOnlySpan<ulong> encoded) : IOperation
    {
        private ReadOnlySpan<PfnEntry> _pfns = pfns;
        private ReadOnlySpan<ulong> _encoded = encoded;

        public void Apply(TableTree<TFormat> tree, in PageSlot slot, TableNode node, int first, int count)
        {
            Span<ulong> words = tree.WordsOf(slot, node);
            for (int i = 0; i < count; i++)
            {
                if (_pfns[i].NeedsDma)
                {
                    node.Own(first + i, slot.Layout.EntryCount);
                }
            }

            if (slot.Layout.EntryWords == 1)
            {
                TableWords.Copy(_encoded[..count], words.Slice(first, count));
            }
            else
            {
                for (int i = 0; i < count; i++)
                {
                    WritePages(slot, words, first + i, 1, _encoded[i], 0);
                }
            }

            _pfns = _pfns[count..];
            _encoded = _encoded[count..];
        }
    }

    private ref struct Withdrawal(ReadOnlySpan<ulong> encoded) : IOperation
    {
        private ReadOnlySpan<ulong> _encoded = encoded;

        public void Apply(TableTree<TFormat> tree, in PageSlot slot, TableNode node, int first, int count)
        {
            int entryWords = slot.Layout.EntryWords;
            Span<ulong> words = tree.WordsOf(slot, node).Slice(first * entryWords, count * entryWords);
            for (int i = 0; i < count; i++)
            {
                ref ulong word = ref words[i * entryWords];
                // An entry may be overwritten while it is valid; but not one with a DMA mapping of ours, which has to go.
                bool isOwned = node.Disown(first + i);
                if (isOwned || !TFormat.OnlyWidens(word, _encoded[i]))
                {
                    if (isOwned)
                    {
                        tree.RetireMapping(slot, word);
                    }

                    TableWords.Write(ref word, 0);
                    tree._retirement.Batch.Mark(slot.Depth);
                }
            }

            _encoded = _encoded[count..];
        }
    }
}
