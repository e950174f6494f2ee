using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>ref</c>: takes a reference of the address space.</summary>
internal sealed record ReferenceOperation : SpaceOperation
{
    /// <inheritdoc/>
    protected override void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output)
    {
        space.AddReference();
        output.Answer(Errno.None);
    }
}
