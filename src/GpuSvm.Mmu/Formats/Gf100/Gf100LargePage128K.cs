namespace GpuSvm.Mmu.Formats.Gf100;

/// <summary>Large pages of 128 KiB.</summary>
public readonly struct Gf100LargePage128K : IGf100LargePage
{
    /// <inheritdoc/>
    public static int Shift => 17;
}
