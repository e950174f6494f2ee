using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>unmap address</c>: unmaps memory.</summary>
internal sealed record UnmapOperation(ulong Address) : SpaceOperation
{
    /// <inheritdoc/>
    protected override void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output) =>
        output.Answer(space.Unmap(new VirtualAddress(Address)));
}
