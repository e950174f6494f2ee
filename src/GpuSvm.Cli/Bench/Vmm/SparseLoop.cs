using GpuSvm.Mmu;

namespace GpuSvm.Cli.Bench.Vmm;

/// <summary>Allocates a sparse area of 1 GiB and gives it back.</summary>
/// <param name="placement">Where it lies.</param>
internal sealed class SparseLoop(SparseLoop.Placement placement) : VmmLoop
{
    private const ulong Size = 1UL << 30;
    private VirtualAddress _before;

    /// <summary>Where the area lies.</summary>
    internal enum Placement
    {
        /// <summary>At a multiple of its size.</summary>
        Aligned,

        /// <summary>A small page behind one.</summary>
        Unaligned,
    }

    /// <inheritdoc/>
    public override string Name => placement == Placement.Aligned ? "sparse1g_aligned" : "sparse1g_unaligned";

    /// <inheritdoc/>
    public override int Scale => 100_000;

    /// <inheritdoc/>
    public override double Run(GpuAddressSpace space, int scale)
    {
        bool isAligned = placement == Placement.Aligned;
        if (!isAligned)
        {
            _before = Get(space, new GetRequest(Page.Size));
        }

        var request = new GetRequest(Size, AlignShift: isAligned ? 30 : Page.Shift, Flags: GetFlags.MapReferences | GetFlags.Sparse);
        long start = Start();
        for (int i = 0; i < scale; i++)
        {
            Demand(space.Put(Get(space, request)));
        }

        return NanosecondsSince(start, scale);
    }

    /// <inheritdoc/>
    public override void Undo(GpuAddressSpace space)
    {
        if (placement == Placement.Unaligned)
        {
            Demand(space.Put(_before));
        }
    }
}
