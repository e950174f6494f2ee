namespace GpuSvm.Mmu;

/// <summary>What an allocation of addresses comes with.</summary>
/// <remarks>Source: Linux nouveau vmm.c, nvkm_vmm_get_locked.</remarks>
[Flags]
public enum GetFlags : byte
{
    /// <summary>Page tables are referenced by the first mapping and kept until the addresses are put.</summary>
    None = 0,

    /// <summary>Page tables are referenced now, and kept until the addresses are put (getref).</summary>
    References = 1,

    /// <summary>Page tables are referenced by each mapping; without that, no part can be mapped on its own and no pfn (mapref).</summary>
    MapReferences = 2,

    /// <summary>Where nothing is mapped, loads read zero and stores are dropped.</summary>
    Sparse = 4,
}
