namespace GpuSvm.Mmu;

/// <summary>What an address space has asked for since it was made.</summary>
/// <param name="TableAllocations">Tables put in use, whether new or spare.</param>
/// <param name="TableFrees">Tables out of use again.</param>
/// <param name="DmaMaps">Mappings of system memory made, of whatever size.</param>
/// <param name="DmaUnmaps">Mappings undone.</param>
/// <param name="Flushes">Flushes of the device's TLB.</param>
public readonly record struct GpuAddressSpaceCounters(
    long TableAllocations, long TableFrees, long DmaMaps, long DmaUnmaps, long Flushes)
{
    /// <summary>Tables in use.</summary>
    public long LiveTables => TableAllocations - TableFrees;
}
