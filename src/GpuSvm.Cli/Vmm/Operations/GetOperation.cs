using GpuSvm.Cli.Vmm.Language;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>get getref mapref sparse shift align size</c>, or <c>sparse size [align]</c>: gives addresses out.</summary>
internal sealed record GetOperation(GetRequest Request) : SpaceOperation
{
    private const ulong LargestShift = 255;

    /// <summary>Parses the arguments of <c>get</c>.</summary>
    public static GetOperation? Parse(ref WordReader words)
    {
        if (!words.TryFlag(out bool references) ||
            !words.TryFlag(out bool mapReferences) ||
            !words.TryFlag(out bool sparse) ||
            !words.TryNumber(LargestShift, out ulong shift) ||
            !words.TryNumber(LargestShift, out ulong align) ||
            !words.TryNumber(out ulong size))
        {
            return null;
        }

        GetFlags flags =
            (references ? GetFlags.References : 0) | (mapReferences ? GetFlags.MapReferences : 0) | (sparse ? GetFlags.Sparse : 0);
        return new GetOperation(new GetRequest(size, (int)shift, (int)align, flags));
    }

    /// <summary>Parses the arguments of <c>sparse</c>.</summary>
    public static GetOperation? ParseSparse(ref WordReader words)
    {
        ulong align = 0;
        if (!words.TryNumber(out ulong size) || (!words.IsAtEnd && !words.TryNumber(LargestShift, out align)))
        {
            return null;
        }

        return new GetOperation(new GetRequest(size, AlignShift: (int)align, Flags: GetFlags.MapReferences | GetFlags.Sparse));
    }

    /// <inheritdoc/>
    protected override void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output)
    {
        Errno error = space.TryGet(Request, out VirtualAddress address);
        if (error == Errno.None)
        {
            output.Answer($"0x{address.Value:x}");
        }
        else
        {
            output.Answer(error);
        }
    }
}
