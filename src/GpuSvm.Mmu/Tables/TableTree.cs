using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Tables;

/// <summary>The tables of one address space: encoded in page-table memory, with a tree of counts beside them.</summary>
/// <typeparam name="TFormat">How entries are encoded.</typeparam>
/// <remarks>
/// <para>
/// Operations take references of the entries of a range, which makes tables, and drop them, which takes tables away; between the two they
/// write entries. Only taking references can fail. An entry that maps nothing is always <em>at rest</em>: it names the tables below it, is
/// sparse, says that there are no small pages, or is 0, as the counts demand.
/// </para>
/// <para>
/// A table is written completely before an entry names it, and what is taken away waits in <see cref="Retirement"/> for the flush: so
/// walks that run at the same time see no half-written and no freed table. Flushes are only noted here.
/// </para>
/// <para>Locking: the caller's, exclusive, for every call. Source: Linux nouveau vmm.c, nvkm_vmm_iter and its operations.</para>
/// </remarks>
internal sealed partial class TableTree<TFormat>
    where TFormat : struct, IPageTableFormat
{
    private static readonly PageSlot[] Slots = [.. Enumerable.Range(0, TFormat.PageTypeCount).Select(MakeSlot)];
    private static readonly TableLayout[] Directories = [.. Enumerable.Range(0, TFormat.LevelCount - 1).Select(TFormat.Directory)];

    private static readonly TableLayout SmallLayout = TFormat.SmallPageTable;
    private static readonly TableLayout LargeLayout = TFormat.LargePageTable;

    private readonly TableStore _store;
    private readonly Retirement _retirement;
    private readonly IMmuBookkeeping? _bookkeeping;

    // The nodes of the last look-up, by depth: operations come in neighbourhoods.
    private readonly TableNode?[] _path = new TableNode?[TFormat.LevelCount];

    // Nodes that are not in use, a chain for each depth.
    private readonly TableNode?[] _spare = new TableNode?[TFormat.LevelCount];

    private TableTree(TableStore store, Retirement retirement, IMmuBookkeeping? bookkeeping)
    {
        _store = store;
        _retirement = retirement;
        _bookkeeping = bookkeeping;
        Root = NewNode(0);

        // The root stays, even when nothing refers to its entries.
        Root.References = 1;
        _path[0] = Root;
    }

    /// <summary>Depth of the page tables.</summary>
    public static int PageTableDepth => TFormat.LevelCount - 1;

    /// <summary>Depth of the directories whose entries name two page tables.</summary>
    public static int DualDepth => TFormat.LevelCount - 2;

    /// <summary>Number of the smallest page type.</summary>
    public static int SmallestType => TFormat.PageTypeCount - 1;

    /// <summary>The root directory.</summary>
    public TableNode Root { get; }

    /// <summary>Makes a tree with an empty root.</summary>
    /// <returns><see cref="Errno.None"/>, or <see cref="Errno.ENOMEM"/>: then nothing is left allocated.</returns>
    public static Errno TryCreate(
        TableStore store, Retirement retirement, IMmuBookkeeping? bookkeeping, out TableTree<TFormat>? tree)
    {
        tree = null;
        if (bookkeeping?.MayMake(MmuNode.Table) == false)
        {
            return Errno.ENOMEM;
        }

        if (!store.TryAllocate(TFormat.Directory(0), out ulong address, out _))
        {
            return Errno.ENOMEM;
        }

        tree = new TableTree<TFormat>(store, retirement, bookkeeping);
        tree.Root.Table = address;
        store.Words(address, Directories[0].SizeBytes).Clear();
        return Errno.None;
    }

    /// <summary>Where the entries of a page type stand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly PageSlot SlotOf(int type) => ref Slots[type];

    /// <summary>The tables in which the entries of a page type that cover an address stand, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TableNode? Find(in PageSlot slot, ulong address) =>
        _path[slot.Depth] is { } node && node.Place == address >> slot.CoverageShift ? node : FindFromAbove(slot.Depth, address);

    /// <summary>The words of the table that holds a page type's entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<ulong> WordsOf(in PageSlot slot, TableNode node) =>
        _store.Words(slot.IsLarge ? node.LargeTable : node.Table, slot.Layout.SizeBytes);

    /// <summary>Frees the root, the only table left, when the device has forgotten it.</summary>
    public void RetireRoot()
    {
        Checks.That(Root.References == 1, "The root goes last.");
        _retirement.Add(new FreedTable(Root.Table, Directories[0].SizeBytes, IsZero: true));
        Root.Table = 0;
    }

    private static PageSlot MakeSlot(int type)
    {
        int shift = TFormat.PageType(type).Shift;
        if (shift == TFormat.SmallPageTable.Shift)
        {
            return new PageSlot(type, PageTableDepth, IsLarge: false, TFormat.SmallPageTable);
        }

        if (shift == TFormat.LargePageTable.Shift)
        {
            return new PageSlot(type, PageTableDepth, IsLarge: true, TFormat.LargePageTable);
        }

        int depth = 0;
        while (TFormat.Directory(depth).Shift != shift)
        {
            depth++;
        }

        return new PageSlot(type, depth, IsLarge: false, TFormat.Directory(depth));
    }

    private TableNode? FindFromAbove(int depth, ulong address)
    {
        int at = depth - 1;
        while (!IsOnPath(at, address))
        {
            at--;
        }

        TableNode node = _path[at]!;
        for (; at < depth; at++)
        {
            if (node.Children[Directories[at].Index(address)] is not { } child)
            {
                return null;
            }

            node = child;
            _path[at + 1] = child;
        }

        return node;
    }

    // The root's place is 0, and so is every address divided by all that the root covers.
    private bool IsOnPath(int depth, ulong address) =>
        depth == 0 || (_path[depth] is { } node && node.Place == address >> Directories[depth - 1].Shift);

    private TableNode NewNode(int depth)
    {
        if (_spare[depth] is not { } node)
        {
            return depth == PageTableDepth
                ? new TableNode(depth, 0, TFormat.LargePageTable.EntryCount)
                : new TableNode(depth, Directories[depth].EntryCount, 0);
        }

        _spare[depth] = node.Next;
        node.Next = null;
        return node;
    }

    private void Recycle(TableNode node)
    {
        if (_path[node.Depth] == node)
        {
            _path[node.Depth] = null;
        }

        // What was sparse by the entry above is so in every place; else a node goes without any.
        if (node.IsSparse)
        {
            node.SparseEntries.AsSpan().Clear();
        }

        // Clearing nothing would be a call all the same.
        if (node.Depth == PageTableDepth)
        {
            node.LargeStates.AsSpan().Clear();
        }

        node.IsSparse = false;
        node.IsDirty = false;
        node.Parent = null;
        node.Next = _spare[node.Depth];
        _spare[node.Depth] = node;
    }
}
