using GpuSvm.Cli.Vmm.Language;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>pfnunmap address size</c>: unmaps pages that are mapped by pfn.</summary>
internal sealed record PfnUnmapOperation(ulong Address, ulong Size) : SpaceOperation
{
    /// <summary>Parses the arguments.</summary>
    public static PfnUnmapOperation? Parse(ref WordReader words) =>
        words.TryNumber(out ulong address) && words.TryNumber(out ulong size) ? new PfnUnmapOperation(address, size) : null;

    /// <inheritdoc/>
    protected override void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output) => output.Answer(
        Size == 0 ? Errno.None :
        AddressRange.TryFromLength(Address, Size, out AddressRange range) ? space.PfnUnmap(range) :
        Errno.EINVAL);
}
