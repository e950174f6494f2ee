namespace GpuSvm.Mmu.Tables;

/// <summary>The driver's own record of a directory, or of the two page tables below one dual directory entry.</summary>
/// <remarks>
/// <para>
/// References say how many times entries are in use, so that a table goes when its last entry goes; large and small page tables are
/// counted apart. An entry can be in use more than once: for being sparse and for what is mapped there.
/// </para>
/// <para>Nodes are used again, so that a warm address space allocates nothing. Source: Linux nouveau vmm.h, nvkm_vmm_pt.</para>
/// </remarks>
internal sealed class TableNode
{
    // Which entries of the directory or small page table have a DMA mapping of their own; grows when there is the first.
    private ulong[] _owned = [];

    public TableNode(int depth, int childCount, int largeEntries)
    {
        Depth = depth;
        Children = childCount == 0 ? [] : new TableNode?[childCount];
        SparseEntries = childCount == 0 ? [] : new bool[childCount];
        LargeStates = largeEntries == 0 ? [] : new LargeState[largeEntries];
    }

    /// <summary>Depth of the tables: 0 for the root.</summary>
    public int Depth { get; }

    /// <summary>The nodes below a directory's entries; empty for page tables.</summary>
    public TableNode?[] Children { get; }

    /// <summary>Which of a directory's entries are sparse while they name no table; empty for page tables.</summary>
    public bool[] SparseEntries { get; }

    /// <summary>What is known of each large entry; empty for directories.</summary>
    public LargeState[] LargeStates { get; }

    /// <summary>Byte address of the directory or small page table; 0 while there is none.</summary>
    public ulong Table { get; set; }

    /// <summary>Byte address of the large page table; 0 while there is none.</summary>
    public ulong LargeTable { get; set; }

    /// <summary>References of entries of the directory or small page table.</summary>
    public int References { get; set; }

    /// <summary>References of entries of the large page table.</summary>
    public int LargeReferences { get; set; }

    /// <summary>The addresses that the node covers, divided by their number.</summary>
    public ulong Place { get; set; }

    /// <summary>The directory above; null for the root and for a node that is not linked.</summary>
    public TableNode? Parent { get; set; }

    /// <summary>Which entry of the directory above names this node's tables.</summary>
    public int Index { get; set; }

    /// <summary>Made below an entry that was sparse, and is again when the node goes: entries that nobody uses are sparse.</summary>
    public bool IsSparse { get; set; }

    /// <summary>An entry of the directory or small page table that nobody uses may be other than 0.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Number of entries of the directory or small page table that have a DMA mapping of their own, which goes with them.</summary>
    public int DmaPages { get; private set; }

    /// <summary>The next node of a chain of spare nodes.</summary>
    public TableNode? Next { get; set; }

    /// <summary>What a directory entry says of the node.</summary>
    public TablePair Tables => new(Table, LargeTable);

    /// <summary>Notes that an entry has a DMA mapping of its own.</summary>
    public void Own(int index, int entryCount)
    {
        if (_owned.Length == 0)
        {
            _owned = new ulong[(entryCount + 63) / 64];
        }

        Checks.That((_owned[index >> 6] & (1UL << index)) == 0, "The old DMA mapping is gone.");
        _owned[index >> 6] |= 1UL << index;
        DmaPages++;
    }

    /// <summary>Forgets that an entry has a DMA mapping of its own.</summary>
    /// <returns>False if it has none.</returns>
    public bool Disown(int index)
    {
        if (_owned.Length == 0 || (_owned[index >> 6] & (1UL << index)) == 0)
        {
            return false;
        }

        _owned[index >> 6] &= ~(1UL << index);
        DmaPages--;
        return true;
    }
}
