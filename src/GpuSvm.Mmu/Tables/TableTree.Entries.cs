using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Tables;

/// <content>Entries at rest, and pages in them.</content>
internal sealed partial class TableTree<TFormat>
{
    // Directory entries of which depths can be pages.
    private static readonly bool[] HasPages = [.. Enumerable.Range(0, TFormat.LevelCount - 1).Select(CanHoldPages)];

    /// <summary>A pair of words per entry, or one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Span<ulong> EntryAt(Span<ulong> words, int index, int entryWords) => words.Slice(index * entryWords, entryWords);

    private static bool CanHoldPages(int depth)
    {
        const PageTypeUses Page = PageTypeUses.VideoMemory | PageTypeUses.SystemMemory | PageTypeUses.Pfn;
        return Slots.Any(slot => slot.Depth == depth && (TFormat.PageType(slot.Type).Uses & Page) != 0);
    }

    /// <summary>What a large entry says that maps nothing.</summary>
    public static ulong LargeAtRest(LargeState state) =>
        state.SmallReferences > 0 ? 0 : state.IsSparse ? TFormat.SparsePage : TFormat.NoSmallPages;

    /// <summary>Puts a directory entry at rest, unless it is a page: then that is done when the page is taken back.</summary>
    private void WriteAtRest(TableNode directory, int index)
    {
        ref readonly TableLayout layout = ref Directories[directory.Depth];
        Span<ulong> entry = EntryAt(_store.Words(directory.Table, layout.SizeBytes), index, layout.EntryWords);
        if (!HasPages[directory.Depth] || !TFormat.IsValidPage(entry[0]))
        {
            PutAtRest(directory, index, entry);
        }
    }

    private void PutAtRest(TableNode directory, int index, Span<ulong> entry)
    {
        if (directory.Children[index] is { } child)
        {
            TFormat.EncodeDirectory(directory.Depth, child.Tables, out ulong low, out ulong high);
            WriteDirectory(entry, low, high);
        }
        else
        {
            WriteDirectory(entry, directory.SparseEntries[index] ? TFormat.SparseDirectory(directory.Depth) : 0, 0);
        }
    }

    /// <summary>Writes an entry so that who reads its words in between finds the old entry or the new one, or a table that is not yet there.</summary>
    private static void WriteDirectory(Span<ulong> entry, ulong low, ulong high)
    {
        if (entry.Length == 1)
        {
            TableWords.Write(ref entry[0], low);
        }
        else if (high != 0)
        {
            TableWords.Write(ref entry[1], high);
            TableWords.Write(ref entry[0], low);
        }
        else
        {
            // The low word counts first when it says anything.
            TableWords.Write(ref entry[0], low);
            TableWords.Write(ref entry[1], 0);
        }
    }

    /// <summary>Puts entries at rest that mapped something.</summary>
    /// <param name="slot">Where they stand.</param>
    /// <param name="node">Their tables.</param>
    /// <param name="first">The first entry.</param>
    /// <param name="count">Number of entries.</param>
    /// <param name="smallAtRest">What a small entry at rest is: sparse or 0.</param>
    private void PutAtRest(in PageSlot slot, TableNode node, int first, int count, ulong smallAtRest)
    {
        Span<ulong> words = WordsOf(slot, node);
        if (slot.Depth < PageTableDepth)
        {
            for (int i = first; i < first + count; i++)
            {
                PutAtRest(node, i, EntryAt(words, i, slot.Layout.EntryWords));
            }
        }
        else if (slot.IsLarge)
        {
            for (int i = first; i < first + count; i++)
            {
                TableWords.Write(ref words[i], LargeAtRest(node.LargeStates[i]));
            }
        }
        else
        {
            TableWords.Fill(words.Slice(first, count), smallAtRest);
        }
    }

    /// <summary>Writes a series of pages of contiguous memory.</summary>
    private static void WritePages(in PageSlot slot, Span<ulong> words, int first, int count, ulong word, ulong step)
    {
        int entryWords = slot.Layout.EntryWords;
        if (entryWords == 1)
        {
            TableWords.FillSeries(words.Slice(first, count), word, step);
            return;
        }

        for (int i = first; i < first + count; i++)
        {
            WriteDirectory(EntryAt(words, i, entryWords), word, 0);
            word = unchecked(word + step);
        }
    }
}
