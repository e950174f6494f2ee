using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Tables;

/// <summary>The tables of one address space: encoded in page-table memory, with a tree of counts beside them.</summary>
/// <typeparam name="TFormat">How entries are encoded.</typeparam>
/// <remarks>
/// <para>
/// A table is written completely before a directory entry names it, and an unlinked table stays whole until <see cref="FreeUnlinked"/>,
/// which the caller calls when the TLB is flushed. So a walk that runs at the same time sees no half-written and no freed table.
/// </para>
/// <para>Locking: the caller's, exclusive, for every call.</para>
/// </remarks>
internal sealed class PageTable<TFormat>
    where TFormat : struct, IPageTableFormat
{
    private readonly IPageTableMemory _memory;
    private readonly TableNode _root;

    // Nodes that are not in use, a chain for each depth.
    private readonly TableNode?[] _spare = new TableNode?[TFormat.LevelCount];
    private TableNode? _unlinked;

    // The page tables of the last look-up, and the address that they cover, divided by their coverage: faults come in neighbourhoods.
    private TableNode? _last;
    private ulong _lastPlace;

    private PageTable(IPageTableMemory memory)
    {
        _memory = memory;
        _root = NewNode(0);
    }

    /// <summary>Depth of the page tables.</summary>
    public static int PageTableDepth => TFormat.LevelCount - 1;

    // Page tables cover as much as an entry of the last directory.
    private static int CoverageShift => TFormat.Directory(PageTableDepth - 1).Shift;

    /// <summary>Address of the root directory.</summary>
    public PageDirectoryBase Root => new(_root.Tables.Table);

    /// <summary>Size of all tables, in bytes.</summary>
    public long TableBytes { get; private set; }

    /// <summary>Makes an empty page table.</summary>
    /// <returns><see cref="Errno.None"/>, or <see cref="Errno.ENOMEM"/>: then nothing is left allocated.</returns>
    public static Errno TryCreate(IPageTableMemory memory, out PageTable<TFormat>? table)
    {
        table = new PageTable<TFormat>(memory);
        Errno error = table.TryAllocateTable(table._root);
        if (error != Errno.None)
        {
            table = null;
        }

        return error;
    }

    /// <summary>The page tables that cover an address, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TableNode? FindPageTable(ulong address) =>
        _last is { } last && address >> CoverageShift == _lastPlace ? last : FindFromRoot(address);

    /// <summary>The page tables that cover <paramref name="address"/>, or the next ones that exist below <paramref name="end"/>.</summary>
    /// <param name="address">Moved on to the first address at or behind it that the result covers.</param>
    /// <param name="end">Where to stop.</param>
    public TableNode? NextPageTable(ref ulong address, ulong end)
    {
        while (address < end)
        {
            TableNode node = _root;
            while (node.Depth < PageTableDepth && node.Children[TFormat.Directory(node.Depth).Index(address)] is { } child)
            {
                node = child;
            }

            if (node.Depth == PageTableDepth)
            {
                return node;
            }

            ulong coverage = TFormat.Directory(node.Depth).EntryCoverage;
            address = (address & ~(coverage - 1)) + coverage;
        }

        return null;
    }

    /// <summary>The page tables that cover an address; makes what is missing, a small page table at the end.</summary>
    /// <returns><see cref="Errno.None"/>, or <see cref="Errno.ENOMEM"/>: then nothing was made.</returns>
    public Errno TryMakePageTable(ulong address)
    {
        if (FindPageTable(address) is not null)
        {
            return Errno.None;
        }

        TableNode node = _root;
        while (node.Depth < PageTableDepth)
        {
            if (node.Children[TFormat.Directory(node.Depth).Index(address)] is not { } child)
            {
                return TryMakeChild(node, address);
            }

            node = child;
        }

        return Errno.None;
    }

    /// <summary>The entries of the small page table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<ulong> SmallEntries(TableNode node) => _memory.Words(node.Tables.Table, TFormat.SmallPageTable.SizeBytes);

    /// <summary>Takes empty page tables out of their directory, and every directory that is empty then, but never the root.</summary>
    /// <returns>Depth of the highest directory in which an entry changed.</returns>
    public int Unlink(TableNode node)
    {
        Checks.That(node.IsEmpty, "Only an empty table is unlinked.");
        _last = null;
        TableNode parent;
        do
        {
            parent = node.Parent!;
            parent.Children[node.Index] = null;
            parent.Count--;
            WriteDirectoryEntry(parent, node.Index, default);
            node.Parent = null;
            node.Next = _unlinked;
            _unlinked = node;
            node = parent;
        }
        while (node.IsEmpty && node.Parent is not null);
        return parent.Depth;
    }

    /// <summary>Frees all tables that were unlinked. The TLB is flushed: no walk can reach them any more.</summary>
    public void FreeUnlinked()
    {
        while (_unlinked is { } node)
        {
            _unlinked = node.Next;
            FreeTable(node);
        }
    }

    /// <summary>Frees the root, the only table left. The TLB is flushed, and no device uses the address space.</summary>
    public void FreeRoot()
    {
        Checks.That(_root.IsEmpty && _unlinked is null, "The root goes last.");
        FreeTable(_root);
    }

    private TableNode? FindFromRoot(ulong address)
    {
        TableNode node = _root;
        for (int depth = 0; depth < PageTableDepth; depth++)
        {
            TableNode? child = node.Children[TFormat.Directory(depth).Index(address)];
            if (child is null)
            {
                return null;
            }

            node = child;
        }

        _last = node;
        _lastPlace = address >> CoverageShift;
        return node;
    }

    /// <summary>Makes the missing table below a directory, and what is missing below that, and links it when all of it is there.</summary>
    private Errno TryMakeChild(TableNode parent, ulong address)
    {
        TableNode child = NewNode(parent.Depth + 1);
        Errno error = TryAllocateTable(child);
        if (error == Errno.None && child.Depth < PageTableDepth)
        {
            error = TryMakeChild(child, address);
            if (error != Errno.None)
            {
                FreeTable(child);
                return error;
            }
        }

        if (error != Errno.None)
        {
            Recycle(child);
            return error;
        }

        child.Parent = parent;
        child.Index = TFormat.Directory(parent.Depth).Index(address);
        parent.Children[child.Index] = child;
        parent.Count++;
        WriteDirectoryEntry(parent, child.Index, child.Tables);
        return Errno.None;
    }

    private void WriteDirectoryEntry(TableNode directory, int index, TablePair tables)
    {
        TableLayout layout = TFormat.Directory(directory.Depth);
        TFormat.EncodeDirectory(directory.Depth, tables, out ulong low, out ulong high);
        Span<ulong> entry = _memory.Words(directory.Tables.Table, layout.SizeBytes).Slice(index * layout.EntryWords, layout.EntryWords);

        // A volatile write comes after all earlier ones: who sees the entry sees the whole table.
        Volatile.Write(ref entry[0], low);
        if (layout.EntryWords == 2)
        {
            Volatile.Write(ref entry[1], high);
        }
    }

    private Errno TryAllocateTable(TableNode node)
    {
        TableLayout layout = Layout(node.Depth);
        Errno error = _memory.TryAllocate(layout.SizeBytes, layout.AlignmentBytes, out ulong address);
        if (error != Errno.None)
        {
            return error;
        }

        _memory.Words(address, layout.SizeBytes).Clear();
        node.Tables = new TablePair(address);
        TableBytes += layout.SizeBytes;
        return Errno.None;
    }

    private void FreeTable(TableNode node)
    {
        TableLayout layout = Layout(node.Depth);
        _memory.Free(node.Tables.Table, layout.SizeBytes);
        TableBytes -= layout.SizeBytes;
        node.Tables = default;
        Recycle(node);
    }

    private TableNode NewNode(int depth)
    {
        if (_spare[depth] is not { } node)
        {
            return new TableNode(depth, depth == PageTableDepth ? 0 : TFormat.Directory(depth).EntryCount);
        }

        _spare[depth] = node.Next;
        node.Next = null;
        return node;
    }

    private void Recycle(TableNode node)
    {
        node.Next = _spare[node.Depth];
        _spare[node.Depth] = node;
    }

    private static TableLayout Layout(int depth) => depth == PageTableDepth ? TFormat.SmallPageTable : TFormat.Directory(depth);
}
