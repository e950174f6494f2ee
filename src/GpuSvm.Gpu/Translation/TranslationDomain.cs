using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Gpu;

/// <summary>One address space as the GPU sees it: its walker, and the caches of all SMs that translate by it.</summary>
/// <remarks>The list of ports is replaced as a whole, under the device's lock, and read without.</remarks>
internal sealed class TranslationDomain(VideoMemory memory, PeerWindow peers, PageDirectoryBase root)
{
    private SmPort[] _ports = [];

    internal PageDirectoryBase Root => root;

    internal PageWalker<Gp100Format> Walker { get; } = new(memory, root, peers);

    /// <summary>Number of instances bound to the address space; under the device's lock.</summary>
    internal int Instances { get; set; }

    /// <summary>Adds the caches of a channel. Under the device's lock.</summary>
    internal void Add(SmPort[] ports) => SharedWord.Write(ref _ports, [.. _ports, .. ports]);

    /// <summary>Removes the caches of a channel. Under the device's lock.</summary>
    internal void Remove(SmPort[] ports) => SharedWord.Write(ref _ports, [.. _ports.Except(ports)]);

    /// <summary>Forgets translations: first what the others are filled from, then the caches of the SMs.</summary>
    internal void Drop(AddressRange range, int depth)
    {
        Walker.Drop(range, depth);
        foreach (SmPort port in SharedWord.Read(ref _ports))
        {
            port.Tlb.Drop(range);
        }
    }

    internal void WaitForAccessesInFlight()
    {
        foreach (SmPort port in SharedWord.Read(ref _ports))
        {
            port.Tlb.WaitForAccessInFlight();
        }
    }
}
