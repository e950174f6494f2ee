namespace GpuSvm.Mmu;

/// <summary>What an address space keeps in memory of its own, beside the tables that the device reads.</summary>
public enum MmuNode : byte
{
    /// <summary>The record of a page table or directory. Source: Linux nouveau vmm.c, nvkm_vmm_pt_new.</summary>
    Table,

    /// <summary>The record of a piece of the address space. Source: Linux nouveau vmm.c, nvkm_vma_new.</summary>
    Area,
}
