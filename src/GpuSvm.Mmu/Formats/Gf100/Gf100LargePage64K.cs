namespace GpuSvm.Mmu.Formats.Gf100;

/// <summary>Large pages of 64 KiB.</summary>
public readonly struct Gf100LargePage64K : IGf100LargePage
{
    /// <inheritdoc/>
    public static int Shift => 16;
}
