using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Tables;

/// <content>Tables come and go.</content>
internal sealed partial class TableTree<TFormat>
{
    /// <summary>The tables in which the entries of a page type that cover an address stand; makes what is missing.</summary>
    /// <returns>False for want of memory: then nothing was made.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTable(in PageSlot slot, ulong address, [NotNullWhen(true)] out TableNode? node)
    {
        node = _path[slot.Depth];
        return (node is not null && node.Place == address >> slot.CoverageShift && slot.ReferencesOf(node) > 0) ||
            TryTableFromAbove(slot, address, out node);
    }

    private bool TryTableFromAbove(in PageSlot slot, ulong address, [NotNullWhen(true)] out TableNode? node)
    {
        // A directory on the path is linked, and so are all above it.
        int depth = slot.Depth - 1;
        while (!IsOnPath(depth, address))
        {
            depth--;
        }

        node = _path[depth]!;
        while (node.Depth < slot.Depth)
        {
            int index = Directories[node.Depth].Index(address);
            bool isLarge = slot.IsLarge && node.Depth == DualDepth;
            TableNode? child = node.Children[index];
            if (child is null && !TryMakeNode(node, index, address, out child))
            {
                RetireIfUnused(node);
                return false;
            }

            if ((isLarge ? child.LargeReferences : child.References) == 0 && !TryMakeTable(node, child, isLarge))
            {
                RetireIfUnused(node);
                return false;
            }

            node = child;
            _path[node.Depth] = node;
        }

        return true;
    }

    private bool TryMakeNode(TableNode parent, int index, ulong address, [NotNullWhen(true)] out TableNode? node)
    {
        if (_bookkeeping?.MayMake(MmuNode.Table) == false)
        {
            node = null;
            return false;
        }

        node = NewNode(parent.Depth + 1);
        node.Parent = parent;
        node.Index = index;
        node.Place = address >> Directories[parent.Depth].Shift;
        node.IsSparse = parent.SparseEntries[index];
        parent.Children[index] = node;
        return true;
    }

    private bool TryMakeTable(TableNode parent, TableNode node, bool isLarge)
    {
        ref readonly TableLayout layout = ref LayoutOf(node.Depth, isLarge);
        if (!_store.TryAllocate(layout, out ulong address, out bool isZero))
        {
            if (node.Tables == default)
            {
                Unlink(parent, node);
            }

            return false;
        }

        // The device may remember that the addresses are sparse, or that only the other table exists.
        if (node.IsSparse || node.Tables != default)
        {
            _retirement.Batch.Mark(parent.Depth);
        }

        if (Breaks.DirectoryEntryBeforeTheTable)
        {
            Link(parent, node, isLarge, address);
        }

        if (isLarge)
        {
            InitializeLarge(node, _store.Words(address, layout.SizeBytes));
        }
        else
        {
            InitializeTable(node, layout, address, isZero);
        }

        parent.References++;
        Link(parent, node, isLarge, address);
        return true;
    }

    private void Link(TableNode parent, TableNode node, bool isLarge, ulong address)
    {
        if (isLarge)
        {
            node.LargeTable = address;
        }
        else
        {
            node.Table = address;
        }

        WriteAtRest(parent, node.Index);
    }

    /// <summary>A word of a table without entries. No constant: a fill with 0 becomes a Clear, which leaves managed code for that many words.</summary>
    private static ulong EmptyWord => 0;

    /// <summary>Who sees the first entry of a new table sees the last one too: all are written before the table is linked.</summary>
    private void InitializeTable(TableNode node, in TableLayout layout, ulong address, bool isZero)
    {
        node.IsDirty = node.IsSparse;
        if (isZero && !node.IsSparse)
        {
            return;
        }

        Span<ulong> words = _store.Words(address, layout.SizeBytes);
        if (!node.IsSparse)
        {
            words.Fill(EmptyWord);
        }
        else if (node.Depth == PageTableDepth)
        {
            words.Fill(TFormat.SparsePage);
        }
        else
        {
            node.SparseEntries.AsSpan().Fill(true);
            TableWords.FillEntries(words, layout.EntryWords, TFormat.SparseDirectory(node.Depth));
        }
    }

    /// <summary>Small entries that are in use keep the word; all others are sparse with the block, or say that there are none.</summary>
    private static void InitializeLarge(TableNode node, Span<ulong> words)
    {
        Span<LargeState> states = node.LargeStates.AsSpan(0, words.Length);
        bool isSparse = node.IsSparse;
        for (int i = 0; i < states.Length; i++)
        {
            LargeState state = isSparse ? states[i].WithSparse() : states[i].WithoutSparse();
            states[i] = state;
            words[i] = LargeAtRest(state);
        }
    }

    /// <summary>Takes a table away whose last reference is gone, and every directory that is empty then.</summary>
    private void Retire(TableNode node, bool isLarge)
    {
        for (; ; )
        {
            TableNode parent = node.Parent!;
            RetireTable(node, isLarge);
            if (node.Tables == default)
            {
                Unlink(parent, node);
            }

            WriteAtRest(parent, node.Index);
            _retirement.Batch.Mark(parent.Depth);
            if (isLarge && TFormat.NoSmallPages != 0)
            {
                // Wherever it covers, the device may remember that there are no small pages.
                _retirement.Batch.Add(node.Place << Directories[DualDepth].Shift, (node.Place + 1) << Directories[DualDepth].Shift);
            }

            if (--parent.References > 0)
            {
                return;
            }

            node = parent;
            isLarge = false;
        }
    }

    private void RetireTable(TableNode node, bool isLarge)
    {
        int size = LayoutOf(node.Depth, isLarge).SizeBytes;
        if (isLarge)
        {
            _retirement.Add(new FreedTable(node.LargeTable, size, IsZero: false));
            node.LargeTable = 0;
        }
        else
        {
            _retirement.Add(new FreedTable(node.Table, size, IsZero: !node.IsDirty));
            node.Table = 0;
        }
    }

    /// <summary>Removes a directory that was made on the way to a table that could not be had.</summary>
    private void RetireIfUnused(TableNode node)
    {
        if (node.References == 0)
        {
            Retire(node, isLarge: false);
        }
    }

    private void Unlink(TableNode parent, TableNode node)
    {
        parent.Children[node.Index] = null;
        Recycle(node);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref readonly TableLayout LayoutOf(int depth, bool isLarge)
    {
        if (depth < PageTableDepth)
        {
            return ref Directories[depth];
        }

        return ref isLarge ? ref LargeLayout : ref SmallLayout;
    }
}
