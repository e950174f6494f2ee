using GpuSvm.Mmu;

namespace GpuSvm.Cli.Bench.Vmm;

/// <summary>Maps and unmaps single pages at random places of 1 GiB.</summary>
/// <param name="name">Name of the loop.</param>
/// <param name="mapped">Number of random pages that are mapped before, and stay so on the whole.</param>
internal sealed class PfnPairLoop(string name, int mapped) : VmmLoop
{
    private readonly bool[] _isMapped = new bool[WindowPages];
    private VirtualAddress _window;

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override int Scale => 200_000;

    /// <inheritdoc/>
    public override double Run(GpuAddressSpace space, int scale)
    {
        VirtualAddress window = _window = GetWindow(space);
        var random = new LoopRandom(1);
        Array.Clear(_isMapped);
        for (int count = 0; count < mapped;)
        {
            ulong page = random.Next(WindowPages);
            if (!_isMapped[page])
            {
                _isMapped[page] = true;
                Map(space, window, page);
                count++;
            }
        }

        long start = Start();
        for (int i = 0; i < scale; i++)
        {
            ulong page = random.Next(WindowPages);
            if (_isMapped[page])
            {
                Unmap(space, window, page);
                Map(space, window, page);
            }
            else
            {
                Map(space, window, page);
                Unmap(space, window, page);
            }
        }

        return NanosecondsSince(start, scale);
    }

    /// <inheritdoc/>
    public override void Undo(GpuAddressSpace space) => Demand(space.Put(_window));

    private static void Map(GpuAddressSpace space, VirtualAddress window, ulong page)
    {
        PfnEntry pfn = Pfn(page);
        Demand(space.PfnMap(Page.Shift, window + (page * Page.Size), new Span<PfnEntry>(ref pfn)));
        Demand(pfn.IsValid ? Errno.None : Errno.ENOMEM);
    }

    private static void Unmap(GpuAddressSpace space, VirtualAddress window, ulong page) =>
        Demand(space.PfnUnmap(AddressRange.PageAt(window + (page * Page.Size))));
}
