using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>xlat address</c>: what the device finds there.</summary>
internal sealed record TranslateOperation(ulong Address) : SpaceOperation
{
    /// <inheritdoc/>
    protected override void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output)
    {
        if (Address >> Gp100Format.AddressBits != 0)
        {
            output.Answer(Errno.EINVAL);
            return;
        }

        var address = new VirtualAddress(Address);
        output.Answer(TranslationText.Describe(space.Translate(address), address));
    }
}
