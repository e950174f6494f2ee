namespace GpuSvm.Mmu.Formats.Gf100;

/// <summary>The size of large pages, which a GF100 has one of at a time. Implemented by empty structs.</summary>
public interface IGf100LargePage
{
    /// <summary>Binary logarithm of the size in bytes.</summary>
    static abstract int Shift { get; }
}
