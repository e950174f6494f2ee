using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>digest</c>: hash and length of what <c>dump</c> prints.</summary>
internal sealed record DigestOperation : SpaceOperation
{
    /// <inheritdoc/>
    protected override void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output)
    {
        using var digest = new DigestWriter();
        DumpWriter.Write(space, machine, output.Pointers, digest);
        output.Answer($"0x{digest.Hash:x16} {digest.Length}");
    }
}
