namespace GpuSvm.Mmu;

/// <summary>How a directory entry names a table; <c>default</c> names none.</summary>
/// <param name="Address">Byte address; 0 for no table.</param>
/// <param name="Aperture">Which memory the table lies in; a directory entry cannot name a peer's.</param>
/// <param name="Attributes"><see cref="PageAttributes.Volatile"/> or nothing.</param>
public readonly record struct TableLink(
    ulong Address, Aperture Aperture = Aperture.VideoMemory, PageAttributes Attributes = PageAttributes.None)
{
    /// <summary>True if there is no table.</summary>
    public bool IsNone => Address == 0;
}
