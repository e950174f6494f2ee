using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu;

/// <summary>Reads the translation of one address out of encoded page tables, a table at a time.</summary>
/// <typeparam name="TFormat">The format of the tables.</typeparam>
/// <remarks>
/// <para>
/// The device's walker, dumps and tests read by this one type. A walk may begin at the root or at any deeper table that the reader
/// remembers:
/// </para>
/// <code>
/// var cursor = new PageTableCursor&lt;Gp100Format&gt;(memory, address, depth, tables);
/// while (cursor.TryDescend(out DecodedEntry entry)) { remember(cursor.Depth, cursor.Tables); }
/// // entry: a page, sparse or invalid
/// </code>
/// <para>Locking: none. Entries are read one 64-bit word at once, as hardware reads them while another thread writes.</para>
/// </remarks>
public struct PageTableCursor<TFormat>
    where TFormat : struct, IPageTableFormat
{
    private readonly IPageTableMemory _memory;
    private readonly ulong _address;

    /// <summary>Begins a walk at the root.</summary>
    /// <param name="memory">The memory that the tables live in.</param>
    /// <param name="root">The root directory.</param>
    /// <param name="address">The address to translate; bits beyond the format's width do not count.</param>
    public PageTableCursor(IPageTableMemory memory, PageDirectoryBase root, VirtualAddress address)
        : this(memory, address, depth: 0, new TablePair(root.Address))
    {
    }

    /// <summary>Begins a walk at a remembered depth.</summary>
    /// <param name="memory">The memory that the tables live in.</param>
    /// <param name="address">The address to translate.</param>
    /// <param name="depth">Depth of the tables: 0 for the root, the format's last for page tables.</param>
    /// <param name="tables">What <see cref="Tables"/> was at that depth.</param>
    public PageTableCursor(IPageTableMemory memory, VirtualAddress address, int depth, TablePair tables)
    {
        _memory = memory;
        _address = address.Value;
        Depth = depth;
        Tables = tables;
    }

    /// <summary>Depth of the tables that the next step reads.</summary>
    public int Depth { get; private set; }

    /// <summary>The tables that the next step reads.</summary>
    public TablePair Tables { get; private set; }

    /// <summary>Reads the entry at the current depth.</summary>
    /// <param name="entry">What it says: a table when the result is true; else the end of the walk: a page, sparse or invalid.</param>
    /// <returns>True if the cursor stands one depth deeper now.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryDescend(out DecodedEntry entry)
    {
        if (Depth == TFormat.LevelCount - 1)
        {
            entry = ReadPage();
            return false;
        }

        entry = ReadDirectory(TFormat.Directory(Depth));
        if (entry.Kind != PageTableEntryKind.Table)
        {
            return false;
        }

        Depth++;
        Tables = entry.Tables;
        return true;
    }

    /// <summary>Goes to the end of the walk.</summary>
    /// <returns>A page, sparse or invalid; never a table.</returns>
    public DecodedEntry Finish()
    {
        DecodedEntry entry;
        while (TryDescend(out entry))
        {
        }

        return entry;
    }

    private readonly DecodedEntry ReadDirectory(TableLayout layout)
    {
        if (!_memory.TryWords(Tables.Table, layout.SizeBytes, out Span<ulong> words))
        {
            return default;
        }

        int first = layout.Index(_address) * layout.EntryWords;
        return TFormat.DecodeDirectory(
            Depth,
            SharedWord.Read(ref words[first]),
            layout.EntryWords == 2 ? SharedWord.Read(ref words[first + 1]) : 0);
    }

    /// <summary>The large page table answers first, and the small one only if the large one says nothing.</summary>
    private readonly DecodedEntry ReadPage()
    {
        if (Tables.LargeTable != 0)
        {
            DecodedEntry large = TFormat.DecodeLargePage(ReadWord(Tables.LargeTable, TFormat.LargePageTable));
            if (large.Kind == PageTableEntryKind.NoSmallPages)
            {
                return large with { Kind = PageTableEntryKind.Invalid };
            }

            if (large.Kind != PageTableEntryKind.Invalid || Tables.Table == 0)
            {
                return large;
            }
        }

        return TFormat.DecodeSmallPage(ReadWord(Tables.Table, TFormat.SmallPageTable));
    }

    /// <summary>A word of a table; 0, which no format calls valid, where an entry names memory that does not exist.</summary>
    private readonly ulong ReadWord(ulong table, TableLayout layout) =>
        _memory.TryWords(table, layout.SizeBytes, out Span<ulong> words) ? SharedWord.Read(ref words[layout.Index(_address)]) : 0;
}
