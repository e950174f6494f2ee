namespace GpuSvm.Mmu.Tables;

/// <summary>The driver's own record of a directory, or of the two page tables below one dual directory entry.</summary>
/// <remarks>
/// Counts say how many entries are in use, so that a table goes when its last entry goes; large and small page tables are counted on
/// their own. Nodes are used again, so that a warm address space allocates nothing. Source: Linux nouveau vmm.h, nvkm_vmm_pt.
/// </remarks>
internal sealed class TableNode
{
    public TableNode(int depth, int childCount)
    {
        Depth = depth;
        Children = childCount == 0 ? [] : new TableNode?[childCount];
    }

    /// <summary>Depth of the tables: 0 for the root.</summary>
    public int Depth { get; }

    /// <summary>The nodes below a directory's entries; empty for page tables.</summary>
    public TableNode?[] Children { get; }

    /// <summary>Where the encoded tables lie.</summary>
    public TablePair Tables { get; set; }

    /// <summary>Entries in use in the directory or the small page table.</summary>
    public int Count { get; set; }

    /// <summary>Entries in use in the large page table.</summary>
    public int LargeCount { get; set; }

    /// <summary>The directory above; null for the root and for a node that is not linked.</summary>
    public TableNode? Parent { get; set; }

    /// <summary>Which entry of the directory above names this node's tables.</summary>
    public int Index { get; set; }

    /// <summary>The next node of a chain of unlinked or spare nodes.</summary>
    public TableNode? Next { get; set; }

    /// <summary>The next page table of which the running call took pages back.</summary>
    public TableNode? NextTouched { get; set; }

    /// <summary>First entry that the running call looks at.</summary>
    public int TouchedFrom { get; set; }

    /// <summary>First entry behind those.</summary>
    public int TouchedTo { get; set; }

    /// <summary>True if no entry is in use.</summary>
    public bool IsEmpty => Count == 0 && LargeCount == 0;
}
