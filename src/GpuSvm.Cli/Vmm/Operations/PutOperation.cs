using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>put address</c>: takes addresses back.</summary>
internal sealed record PutOperation(ulong Address) : SpaceOperation
{
    /// <inheritdoc/>
    protected override void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output) =>
        output.Answer(space.Put(new VirtualAddress(Address)));
}
