using GpuSvm.Mmu;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Cli.Vmm.Output;

/// <summary>Tells what an address translates to, in a script's words.</summary>
internal static class TranslationText
{
    private const ulong FlagBits = 0xff & ~(3UL << 1);

    /// <summary>The translation of an address: <c>fault</c>, <c>sparse</c> or <c>map …</c>.</summary>
    /// <param name="entry">The end of its walk.</param>
    /// <param name="address">The address.</param>
    public static string Describe(in DecodedEntry entry, VirtualAddress address) => entry.Kind switch
    {
        PageTableEntryKind.Page =>
            $"map shift={entry.Shift} {Name(entry.Aperture)} 0x{entry.Translate(address):x} " +
            $"flags=0x{entry.RawBits & FlagBits:x2} kind=0x{new Gp100Pte(entry.RawBits).Kind:x2}",
        PageTableEntryKind.Sparse => "sparse",
        _ => "fault",
    };

    /// <summary>What scripts call a memory.</summary>
    public static string Name(Aperture aperture) => aperture switch
    {
        Aperture.VideoMemory => "vram",
        Aperture.Peer => "peer",
        Aperture.SystemCoherent => "host",
        _ => "ncoh",
    };
}
