using GpuSvm.Cli.Vmm.Language;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>new managed|unmanaged address size</c>: makes the address space.</summary>
internal sealed record NewOperation(GpuAddressSpaceManagement Management, ulong Address, ulong Size) : Operation
{
    /// <summary>Parses the arguments.</summary>
    public static NewOperation? Parse(ref WordReader words)
    {
        if (!words.TryWord(out ReadOnlySpan<char> word) || !words.TryNumber(out ulong address) || !words.TryNumber(out ulong size))
        {
            return null;
        }

        return word switch
        {
            "managed" => new NewOperation(GpuAddressSpaceManagement.Managed, address, size),
            "unmanaged" => new NewOperation(GpuAddressSpaceManagement.Unmanaged, address, size),
            _ => null,
        };
    }

    /// <inheritdoc/>
    public override void Run(ScriptMachine machine, ScriptOutput output)
    {
        Errno error = machine.Create(Management, Address, Size);
        if (error == Errno.None)
        {
            AddressRange bounds = machine.Space!.Bounds;
            output.Answer($"{bounds.Start} {bounds.End}");
        }
        else
        {
            output.Answer(error);
        }
    }
}
