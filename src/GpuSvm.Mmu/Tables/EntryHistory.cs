namespace GpuSvm.Mmu.Tables;

/// <summary>What the device may remember of entries that are about to be pages.</summary>
internal enum EntryHistory : byte
{
    /// <summary>Nothing: they were invalid, and that it never remembers.</summary>
    Forgotten,

    /// <summary>That they were sparse, or other pages.</summary>
    Remembered,
}
