namespace GpuSvm.Mmu.Formats.Gf100;

/// <summary>What the generations that share the GF100 format do not share. Implemented by empty structs.</summary>
public interface IGf100Generation
{
    /// <summary>The first chip of the generation, as nouveau names it.</summary>
    static abstract string Name { get; }

    /// <summary>True if an invalid entry of a large page table with PRIVILEGE set keeps the small page table from being asked.</summary>
    static abstract bool HasNoSmallPages { get; }

    /// <summary>True if an invalid entry with VOL set is sparse.</summary>
    static abstract bool HasSparse { get; }
}
