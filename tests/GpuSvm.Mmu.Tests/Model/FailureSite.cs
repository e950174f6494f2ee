namespace GpuSvm.Mmu.Tests.Model;

/// <summary>Everything that an address space asks for and may not get.</summary>
internal enum FailureSite : byte
{
    /// <summary>Memory of a page table.</summary>
    PageTable,

    /// <summary>The record of a table.</summary>
    Node,

    /// <summary>The record of a piece of addresses.</summary>
    Area,

    /// <summary>A device address.</summary>
    Dma,
}
