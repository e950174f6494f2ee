using GpuSvm.Cli.Vmm.Language;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>mem id vram|host|ncoh|dma address size pageshift</c>: declares a contiguous memory object.</summary>
internal sealed record MemoryOperation(ulong Id, Aperture Target, bool IsByPage, ulong Address, ulong Size, int PageShift) : Operation
{
    private const ulong LargestId = 4095;
    private const ulong AddressLimit = 1UL << 44;
    private const ulong SizeLimit = 1UL << 43;
    private const ulong SizeLimitByPage = 1UL << 34;
    private const ulong LargestShift = 40;

    /// <summary>Parses the arguments.</summary>
    public static MemoryOperation? Parse(ref WordReader words)
    {
        if (!words.TryNumber(LargestId, out ulong id) ||
            !words.TryWord(out ReadOnlySpan<char> kind) ||
            !TryTarget(kind, out Aperture target, out bool isByPage) ||
            !words.TryNumber(AddressLimit - 1, out ulong address) ||
            !words.TryNumber((isByPage ? SizeLimitByPage : SizeLimit) - 1, out ulong size) ||
            !words.TryNumber(LargestShift, out ulong pageShift) ||
            !Page.IsAligned(address | size))
        {
            return null;
        }

        return new MemoryOperation(id, target, isByPage, address, size, (int)pageShift);
    }

    /// <inheritdoc/>
    public override void Run(ScriptMachine machine, ScriptOutput output)
    {
        if (machine.Objects[Id] is not null)
        {
            output.Answer(Errno.EEXIST);
            return;
        }

        long listedPages = IsByPage ? (long)(Size >> Page.Shift) : 0;
        if (!machine.Objects.HasRoom(listedPages))
        {
            output.Answer(Errno.ENOMEM);
            return;
        }

        GpuMemoryObject memory = IsByPage
            ? GpuMemoryObject.FromPages(Target, Pages(), PageShift, Id)
            : GpuMemoryObject.Contiguous(Target, Address, Size, PageShift, Id);
        machine.Objects.Add(Id, memory, listedPages);
        output.Answer(Errno.None);
    }

    private static bool TryTarget(ReadOnlySpan<char> word, out Aperture target, out bool isByPage)
    {
        isByPage = word is "dma";
        target = word switch
        {
            "host" or "dma" => Aperture.SystemCoherent,
            "ncoh" => Aperture.SystemNonCoherent,
            _ => Aperture.VideoMemory,
        };
        return target != Aperture.VideoMemory || word is "vram";
    }

    private ulong[] Pages()
    {
        var pages = new ulong[Size >> Page.Shift];
        for (int i = 0; i < pages.Length; i++)
        {
            pages[i] = Address + ((ulong)i << Page.Shift);
        }

        return pages;
    }
}
