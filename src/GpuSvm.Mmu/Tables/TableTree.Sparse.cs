namespace GpuSvm.Mmu.Tables;

/// <content>Sparse entries: nothing is mapped, loads read zero, stores are dropped.</content>
internal sealed partial class TableTree<TFormat>
{
    /// <summary>Drops the references of sparse entries, which are not sparse any more.</summary>
    public void ReleaseSparse(in PageSlot slot, ulong start, ulong end)
    {
        var operation = default(SparseRelease);
        Walk(slot, start, end, ref operation);
    }

    private void MakeSparse(in PageSlot slot, TableNode node, int first, int count)
    {
        AddReferences(slot, node, first, count);
        Span<ulong> words = WordsOf(slot, node);
        if (slot.IsLarge)
        {
            MakeLargeSparse(node, words, first, count);
            return;
        }

        if (slot.Depth == PageTableDepth)
        {
            TableWords.Fill(words.Slice(first, count), TFormat.SparsePage);
            return;
        }

        CheckHasNoTables(node, first, count);
        node.SparseEntries.AsSpan(first, count).Fill(true);
        int entryWords = slot.Layout.EntryWords;
        TableWords.FillEntries(words.Slice(first * entryWords, count * entryWords), entryWords, TFormat.SparseDirectory(slot.Depth));
    }

    private static void CheckHasNoTables(TableNode node, int first, int count)
    {
        for (int i = first; Checks.Enabled && i < first + count; i++)
        {
            Checks.That(node.Children[i] is null, "A block that becomes sparse as a whole, or is not any more, has no tables.");
        }
    }

    private void MakeLargeSparse(TableNode node, Span<ulong> words, int first, int count)
    {
        Span<LargeState> states = node.LargeStates.AsSpan(first, count);
        words = words.Slice(first, states.Length);
        for (int i = 0; i < states.Length; i++)
        {
            LargeState state = states[i].WithSparse();
            states[i] = state;
            if (state.SmallReferences > 0)
            {
                FillGroup(node, first + i, TFormat.SparsePage);
                node.IsDirty = true;
            }

            TableWords.Write(ref words[i], LargeAtRest(state));
        }

        if (TFormat.NoSmallPages != 0)
        {
            _retirement.Batch.Mark(PageTableDepth);
        }
    }

    /// <summary>Forgets that entries are sparse; they are at rest when their table stays.</summary>
    private void ForgetSparse(in PageSlot slot, TableNode node, int first, int count)
    {
        if (slot.Depth < PageTableDepth)
        {
            CheckHasNoTables(node, first, count);
            node.SparseEntries.AsSpan(first, count).Clear();
        }
        else if (slot.IsLarge)
        {
            foreach (ref LargeState state in node.LargeStates.AsSpan(first, count))
            {
                state = state.WithoutSparse();
            }
        }
    }

    private readonly struct SparseRelease : IOperation
    {
        public void Apply(TableTree<TFormat> tree, in PageSlot slot, TableNode node, int first, int count)
        {
            tree._retirement.Batch.Mark(slot.Depth);
            tree.ForgetSparse(slot, node, first, count);
            bool hasSmall = slot.IsLarge && node.Table != 0;
            if (tree.DropReferences(slot, node, first, count))
            {
                tree.PutAtRest(slot, node, first, count, smallAtRest: 0);
            }

            // Small entries that were made sparse on behalf of the large ones; nobody asks them now, but somebody will.
            for (int i = hasSmall ? first : first + count; i < first + count; i++)
            {
                tree.FillGroup(node, i, 0);
            }
        }
    }
}
