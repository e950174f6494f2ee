using GpuSvm.Mmu;

namespace GpuSvm.Cli.Bench.Vmm;

/// <summary>Gives back one of 10,000 areas of random sizes and allocates another in its place.</summary>
internal sealed class ChurnLoop : VmmLoop
{
    private const ulong MostPages = 256;

    private readonly VirtualAddress[] _areas = new VirtualAddress[10_000];

    /// <inheritdoc/>
    public override string Name => "churn10k";

    /// <inheritdoc/>
    public override int Scale => 400_000;

    /// <inheritdoc/>
    public override double Run(GpuAddressSpace space, int scale)
    {
        var random = new LoopRandom(4);
        foreach (ref VirtualAddress area in _areas.AsSpan())
        {
            area = GetOne(space, ref random);
        }

        long start = Start();
        for (int i = 0; i < scale; i++)
        {
            ref VirtualAddress area = ref _areas[random.Next((ulong)_areas.Length)];
            Demand(space.Put(area));
            area = GetOne(space, ref random);
        }

        return NanosecondsSince(start, scale);
    }

    /// <inheritdoc/>
    public override void Undo(GpuAddressSpace space)
    {
        foreach (VirtualAddress area in _areas)
        {
            Demand(space.Put(area));
        }
    }

    private static VirtualAddress GetOne(GpuAddressSpace space, ref LoopRandom random) =>
        Get(space, new GetRequest((random.Next(MostPages) + 1) * Page.Size));
}
