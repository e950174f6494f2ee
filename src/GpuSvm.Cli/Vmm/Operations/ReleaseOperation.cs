using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>unref</c>: drops a reference of the address space, and with the last one the address space.</summary>
internal sealed record ReleaseOperation : SpaceOperation
{
    /// <inheritdoc/>
    protected override void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output)
    {
        if (machine.Release())
        {
            output.Answer($"destroyed ptlive={machine.Tables.Live} dma={machine.Dma.Live}");
        }
        else
        {
            output.Answer(Errno.None);
        }
    }
}
