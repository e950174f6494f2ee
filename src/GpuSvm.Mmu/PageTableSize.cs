namespace GpuSvm.Mmu;

/// <summary>Which of the two page tables below a dual directory entry.</summary>
public enum PageTableSize : byte
{
    /// <summary>The table of small pages (SPT).</summary>
    Small = 0,

    /// <summary>The table of large pages (LPT).</summary>
    Large = 1,
}
