using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary>An operation that needs an address space.</summary>
internal abstract record SpaceOperation : Operation
{
    /// <inheritdoc/>
    public sealed override void Run(ScriptMachine machine, ScriptOutput output)
    {
        if (machine.Space is { } space)
        {
            Run(space, machine, output);
        }
        else
        {
            output.Answer(Errno.ENODEV);
        }
    }

    /// <summary>Carries the operation out.</summary>
    protected abstract void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output);
}
