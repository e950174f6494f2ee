namespace GpuSvm.Cli.Vmm.Machine;

/// <summary>What is left after a script when all was released: nothing, or somebody forgot it.</summary>
/// <param name="PageTables">Tables in page-table memory.</param>
/// <param name="Records">Tables in the address space's own books.</param>
/// <param name="Objects">Memory objects.</param>
/// <param name="DmaMappings">Mappings of the host's pages.</param>
/// <param name="Findings">What the self-check found before the release.</param>
internal readonly record struct ScriptLeaks(long PageTables, long Records, long Objects, long DmaMappings, long Findings)
{
    /// <summary>True if something is left.</summary>
    public bool Any => (PageTables | Records | Objects | DmaMappings) != 0;
}
