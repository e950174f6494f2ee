using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>dump</c>: prints the whole state.</summary>
internal sealed record DumpOperation : SpaceOperation
{
    /// <inheritdoc/>
    protected override void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output)
    {
        output.Answer(Errno.None);
        DumpWriter.Write(space, machine, output.Pointers, output.Lines);
        output.Lines.Write("end\n");
    }
}
