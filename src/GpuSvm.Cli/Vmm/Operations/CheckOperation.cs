using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>check</c>: compares the address space's books with its encoded tables.</summary>
internal sealed record CheckOperation : SpaceOperation
{
    /// <inheritdoc/>
    protected override void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output)
    {
        IReadOnlyList<CheckFinding> findings = space.Check();
        if (findings.Count == 0)
        {
            output.Answer(Errno.None);
        }
        else
        {
            output.Answer($"bad {findings.Count} {string.Join("; ", findings.Select(one => $"{one.What}@0x{one.Address.Value:x}"))}");
        }
    }
}
