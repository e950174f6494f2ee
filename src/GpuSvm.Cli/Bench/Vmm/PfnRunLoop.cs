using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Bench.Vmm;

/// <summary>Maps 1 GiB in runs of 2 MiB, in order, then unmaps it; one of the two is measured.</summary>
/// <param name="half">Which.</param>
internal sealed class PfnRunLoop(PfnRunLoop.Half half) : VmmLoop
{
    private const int RunPages = 512;
    private const int Runs = (int)(WindowPages / RunPages);
    private const ulong RunSize = RunPages * Page.Size;

    private readonly PfnEntry[] _pfns = new PfnEntry[RunPages];
    private VirtualAddress _window;

    /// <summary>What is measured.</summary>
    internal enum Half
    {
        Map,
        Unmap,
    }

    /// <inheritdoc/>
    public override string Name => half == Half.Map ? "pfn512_map" : "pfn512_unmap";

    /// <inheritdoc/>
    public override int Scale => 8;

    /// <inheritdoc/>
    public override double Run(GpuAddressSpace space, int scale)
    {
        VirtualAddress window = _window = GetWindow(space);
        double nanoseconds = 0;
        for (int i = 0; i < scale; i++)
        {
            long start = Start();
            MapAll(space, window);
            double map = NanosecondsSince(start, Runs);
            start = Start();
            UnmapAll(space, window);
            double unmap = NanosecondsSince(start, Runs);
            nanoseconds += half == Half.Map ? map : unmap;
        }

        return nanoseconds / scale;
    }

    /// <inheritdoc/>
    public override void Undo(GpuAddressSpace space) => Demand(space.Put(_window));

    private void MapAll(GpuAddressSpace space, VirtualAddress window)
    {
        for (int run = 0; run < Runs; run++)
        {
            Fill(Pfn((ulong)run * RunPages));
            Demand(space.PfnMap(Page.Shift, window + ((ulong)run * RunSize), _pfns));
        }
    }

    /// <summary>Names pages of video memory one behind the other.</summary>
    private void Fill(PfnEntry first)
    {
        Span<Vector256<ulong>> rows = MemoryMarshal.Cast<PfnEntry, Vector256<ulong>>(_pfns.AsSpan());
        Vector256<ulong> next = Vector256.Create(first.Bits) + (Vector256.Create(0UL, 1, 2, 3) * Page.Size);
        foreach (ref Vector256<ulong> row in rows)
        {
            row = next;
            next += Vector256.Create(4 * Page.Size);
        }
    }

    private static void UnmapAll(GpuAddressSpace space, VirtualAddress window)
    {
        for (int run = 0; run < Runs; run++)
        {
            Demand(space.PfnUnmap(AddressRange.FromLength(window + ((ulong)run * RunSize), RunSize)));
        }
    }
}
