using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Machine;

/// <summary>Refuses the records that a script wants refused.</summary>
internal sealed class ScriptBooks : IMmuBookkeeping
{
    /// <summary>Which record of a table fails.</summary>
    public FailurePoint Tables { get; } = new();

    /// <summary>Which record of a piece of the address space fails.</summary>
    public FailurePoint Areas { get; } = new();

    /// <inheritdoc/>
    public bool MayMake(MmuNode record) => !(record == MmuNode.Table ? Tables : Areas).Fails();
}
