namespace GpuSvm.Gpu;

/// <summary>What part of a GPU's own memory is asked for.</summary>
public enum VideoAllocation
{
    /// <summary>A page table.</summary>
    Table,

    /// <summary>Pages for data.</summary>
    Pages,
}
