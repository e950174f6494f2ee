using GpuSvm.Mmu;

namespace GpuSvm.Cli.Bench.Vmm;

/// <summary>Allocates areas of 2 MiB, maps an object of video memory into each, unmaps all and gives all back: time of one area in all.</summary>
internal sealed class AreaLoop : VmmLoop
{
    private const int Areas = 4096;
    private const int Shift = 21;
    private const ulong Size = 1UL << Shift;
    private const ulong ObjectAddress = 0x1000_0000;

    private readonly VirtualAddress[] _areas = new VirtualAddress[Areas];

    /// <inheritdoc/>
    public override string Name => "vma2m_all";

    /// <inheritdoc/>
    public override int Scale => 8;

    /// <inheritdoc/>
    public override double Run(GpuAddressSpace space, int scale)
    {
        GpuMemoryObject memory = GpuMemoryObject.Contiguous(Aperture.VideoMemory, ObjectAddress, Size, Shift, owner: 0UL);
        var request = new GetRequest(Size, Shift);
        long start = Start();
        for (int i = 0; i < scale; i++)
        {
            foreach (ref VirtualAddress area in _areas.AsSpan())
            {
                area = Get(space, request);
            }

            foreach (VirtualAddress area in _areas)
            {
                Demand(space.Map(area, Size, memory));
            }

            foreach (VirtualAddress area in _areas)
            {
                Demand(space.Unmap(area));
            }

            foreach (VirtualAddress area in _areas)
            {
                Demand(space.Put(area));
            }
        }

        double nanoseconds = NanosecondsSince(start, (long)scale * Areas);
        memory.Release();
        return nanoseconds;
    }

    /// <inheritdoc/>
    public override void Undo(GpuAddressSpace space)
    {
        // It leaves nothing.
    }
}
