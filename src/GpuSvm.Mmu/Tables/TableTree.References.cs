namespace GpuSvm.Mmu.Tables;

/// <content>References of entries, and what large entries say of the small ones below them.</content>
internal sealed partial class TableTree<TFormat>
{
    // A large entry stands for this many small ones, as a binary logarithm.
    private static readonly int GroupBits = TFormat.LargePageTable.Shift - TFormat.SmallPageTable.Shift;

    private static readonly int GroupSize = 1 << GroupBits;

    /// <summary>What one step of a walk does: the entries of one table.</summary>
    private interface IOperation
    {
        /// <summary>Works on a run of entries of one table.</summary>
        void Apply(TableTree<TFormat> tree, in PageSlot slot, TableNode node, int first, int count);
    }

    /// <summary>Takes a reference of every entry of a range, and makes the tables that this needs.</summary>
    /// <returns>False for want of memory: then all is as before, but what was linked has to be flushed.</returns>
    public bool TryReference(in PageSlot slot, ulong start, ulong end) => TryReference<PlainReference>(slot, start, end);

    /// <summary>The same, and makes the entries sparse.</summary>
    public bool TryReferenceSparse(in PageSlot slot, ulong start, ulong end) => TryReference<SparseReference>(slot, start, end);

    private bool TryReference<TOperation>(in PageSlot slot, ulong start, ulong end)
        where TOperation : struct, IReference
    {
        bool done = true;
        for (ulong at = start; at < end;)
        {
            int first = slot.Layout.Index(at);
            int count = slot.CountInTable(first, at, end);
            if (!TryTable(slot, at, out TableNode? node))
            {
                TOperation.Undo(this, slot, start, at);
                done = false;
                break;
            }

            default(TOperation).Apply(this, slot, node, first, count);
            at += (ulong)count << slot.Shift;
        }

        _retirement.Batch.Add(start, end);
        return done;
    }

    private void Walk<TOperation>(in PageSlot slot, ulong start, ulong end, ref TOperation operation)
        where TOperation : struct, IOperation, allows ref struct
    {
        for (ulong at = start; at < end;)
        {
            int first = slot.Layout.Index(at);
            int count = slot.CountInTable(first, at, end);
            operation.Apply(this, slot, Find(slot, at)!, first, count);
            at += (ulong)count << slot.Shift;
        }

        _retirement.Batch.Add(start, end);
    }

    private void AddReferences(in PageSlot slot, TableNode node, int first, int count)
    {
        if (slot.IsLarge)
        {
            node.LargeReferences += count;
            return;
        }

        node.References += count;
        if (slot.Depth == PageTableDepth)
        {
            AddSmallReferences(node, first, count);
        }
    }

    /// <summary>Drops a reference of entries that are at rest, or will be if the table stays.</summary>
    /// <returns>True if the table is still there.</returns>
    private bool DropReferences(in PageSlot slot, TableNode node, int first, int count)
    {
        if (slot.IsLarge)
        {
            node.LargeReferences -= count;
            if (node.LargeReferences > 0)
            {
                return true;
            }
        }
        else
        {
            node.References -= count;
            if (slot.Depth == PageTableDepth)
            {
                DropSmallReferences(node, first, count);
            }

            if (node.References > 0)
            {
                return true;
            }

            Scrub(slot, node, first, count);
        }

        Retire(node, slot.IsLarge);
        return false;
    }

    /// <summary>Leaves a table that goes zero throughout, as it will be wanted again, if that is little work.</summary>
    private void Scrub(in PageSlot slot, TableNode node, int first, int count)
    {
        if (count > slot.Layout.EntryCount / 4)
        {
            node.IsDirty = true;
        }
        else if (!node.IsDirty)
        {
            int entryWords = slot.Layout.EntryWords;
            TableWords.Fill(WordsOf(slot, node).Slice(first * entryWords, count * entryWords), 0);
        }
    }

    /// <summary>The first small entry in use below a large one takes the word from it.</summary>
    private void AddSmallReferences(TableNode node, int first, int count)
    {
        if (node.LargeTable == 0 && ((first | count) & (GroupSize - 1)) == 0)
        {
            LargeState.AddToAll(node.LargeStates.AsSpan(first >> GroupBits, count >> GroupBits), GroupSize);
            return;
        }

        bool hasLarge = node.LargeTable != 0;
        for (int end = first + count; first < end;)
        {
            int group = first >> GroupBits;
            int next = Math.Min(end, (group + 1) << GroupBits);
            LargeState before = node.LargeStates[group];
            node.LargeStates[group] = before.Add(next - first);
            if (hasLarge && before.SmallReferences == 0)
            {
                AskSmall(node, group, before);
            }

            first = next;
        }
    }

    /// <summary>When the last small entry below a large one is out of use, the large one has the word again.</summary>
    private void DropSmallReferences(TableNode node, int first, int count)
    {
        if (node.LargeTable == 0 && ((first | count) & (GroupSize - 1)) == 0)
        {
            LargeState.AddToAll(node.LargeStates.AsSpan(first >> GroupBits, count >> GroupBits), -GroupSize);
            return;
        }

        bool hasLarge = node.LargeTable != 0;
        for (int end = first + count; first < end;)
        {
            int group = first >> GroupBits;
            int next = Math.Min(end, (group + 1) << GroupBits);
            LargeState after = node.LargeStates[group].Add(first - next);
            node.LargeStates[group] = after;
            if (hasLarge && after.SmallReferences == 0)
            {
                PutLargeAtRest(node, group, after);
            }

            first = next;
        }
    }

    /// <summary>The small entries have to be as sparse as the large one was, before they are asked.</summary>
    private void AskSmall(TableNode node, int group, LargeState before)
    {
        if (before.IsSparse)
        {
            FillGroup(node, group, TFormat.SparsePage);
            node.IsDirty = true;
        }

        if (LargeAtRest(before) != 0)
        {
            PutLargeAtRest(node, group, node.LargeStates[group]);
        }
    }

    /// <summary>Writes what a large entry says now, unless it is a page: then that is done when the page is taken back.</summary>
    /// <remarks>Small entries below a page are in use after a boot, which takes all.</remarks>
    private void PutLargeAtRest(TableNode node, int group, LargeState state)
    {
        ref ulong word = ref _store.Words(node.LargeTable, LargeLayout.SizeBytes)[group];
        if (!TFormat.IsValidPage(word))
        {
            TableWords.Write(ref word, LargeAtRest(state));

            // The device may remember what the large entry said.
            _retirement.Batch.Mark(PageTableDepth);
        }
    }

    private void FillGroup(TableNode node, int group, ulong word) => TableWords.Fill(
        _store.Words(node.Table, SmallLayout.SizeBytes).Slice(group << GroupBits, 1 << GroupBits), word);

    /// <summary>A way to take references, with its way back.</summary>
    private interface IReference : IOperation
    {
        /// <summary>Drops the references of a range again.</summary>
        static abstract void Undo(TableTree<TFormat> tree, in PageSlot slot, ulong start, ulong end);
    }

    private readonly struct PlainReference : IReference
    {
        public void Apply(TableTree<TFormat> tree, in PageSlot slot, TableNode node, int first, int count) =>
            tree.AddReferences(slot, node, first, count);

        public static void Undo(TableTree<TFormat> tree, in PageSlot slot, ulong start, ulong end) => tree.Release(slot, start, end);
    }

    private readonly struct SparseReference : IReference
    {
        public void Apply(TableTree<TFormat> tree, in PageSlot slot, TableNode node, int first, int count) =>
            tree.MakeSparse(slot, node, first, count);

        public static void Undo(TableTree<TFormat> tree, in PageSlot slot, ulong start, ulong end) => tree.ReleaseSparse(slot, start, end);
    }
}
