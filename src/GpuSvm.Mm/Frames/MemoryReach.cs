namespace GpuSvm.Mm;

/// <summary>How the bytes of a <see cref="MemoryObject"/> are reached.</summary>
public enum MemoryReach : byte
{
    /// <summary>The frames are the pages: a device may use them where they are.</summary>
    Aliasable,

    /// <summary>Whole pages are read, taken and given: a device has a page only in its own memory.</summary>
    WholePages,
}
