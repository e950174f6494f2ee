using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>Several devices and several clients: each has its own mirror, faults and end.</summary>
public sealed class SeveralDevicesTests
{
    public static TheoryData<string> Strategies => ["per-fault", "vma-sized"];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void An_invalidation_reaches_every_device_and_each_serves_its_own_faults(string strategy)
    {
        using var d = new DriverFixture(Options(strategy));
        var gpu = new ScriptedGpu();
        using var second = new SvmDriver(gpu, Options(strategy));
        Assert.Equal(Errno.None, second.TryOpen(d.Mm, out SvmClient? client));
        InstancePointer channel = second.Join(client!).Instance;
        VirtualAddress a = d.Map(3);
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + Page.Size, FaultAccess.Write);
        gpu.Fault(channel, a + Page.Size, FaultAccess.Read);
        gpu.Fault(channel, a + (2 * Page.Size), FaultAccess.Write);
        d.Driver.ServiceFaults();
        second.ServiceFaults();
        Assert.Equal((2L, 2L, 2L, 2L), (d.Driver.Counters.Fetched, d.Driver.MappedPages, second.Counters.Fetched, second.MappedPages));

        Assert.Equal(Errno.None, d.Mm.Unmap(a + Page.Size, Page.Size));
        Assert.Equal((1L, 1L), (d.Driver.MappedPages, second.MappedPages));
        Assert.Equal((1L, 1L), (d.Driver.Invalidations, second.Invalidations));

        second.Close(client!);
        Assert.Equal((1L, 0L, 0), (d.Driver.MappedPages, second.MappedPages, gpu.Tables.Count));
        d.Fault(a + (2 * Page.Size), FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal(2, d.Driver.MappedPages);
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void An_invalidation_is_clipped_to_the_window_on_both_sides(string strategy)
    {
        const ulong Start = 0x7000_0000_0000;
        AddressRange window = AddressRange.FromLength(Start + (4 * Page.Size), 4 * Page.Size);
        using var d = new DriverFixture(Options(strategy), unmanaged: window);
        Errno error = d.Mm.Map(Start, 12 * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        Assert.Equal(Errno.None, error);
        MapOwnPage(d, window.Start);
        MapOwnPage(d, window.End - Page.Size);
        foreach (ulong page in (ulong[])[2, 3, 8, 9])
        {
            d.Fault(Start + (page * Page.Size), FaultAccess.Write);
        }

        d.Driver.ServiceFaults();
        Assert.Equal((4L, 6L), (d.Driver.Counters.PagesMapped, d.Driver.MappedPages));
        d.Gpu.Journal.Clear();

        // From the page below the window to the page above it, and no further.
        Assert.Equal(Errno.None, d.Mm.Unmap(Start + (3 * Page.Size), 6 * Page.Size));

        Assert.Equal(
            [
                $"invalidate {AddressRange.PageAt(Start + (3 * Page.Size))}",
                $"invalidate {AddressRange.PageAt(Start + (8 * Page.Size))}",
            ],
            d.Gpu.Journal);
        Assert.Equal(4, d.Driver.MappedPages);
        Assert.True(d.Client.Mirror.Grants(window.Start, TranslationRights.Write));
        Assert.True(d.Client.Mirror.Grants(window.End - Page.Size, TranslationRights.Write));
    }

    private static SvmDriverOptions Options(string strategy) => new()
    {
        Servicing = FaultServicing.InInterrupt,
        Strategy = strategy == "per-fault" ? new SvmDriverOptions().Strategy : static (mm, mirror) => new VmaSizedStrategy(mm, mirror),
    };

    private static void MapOwnPage(DriverFixture d, VirtualAddress address)
    {
        PfnEntry[] page = [PfnEntry.Host(new FrameNumber(0), TranslationRights.Read | TranslationRights.Write)];
        Assert.Equal(Errno.None, d.Client.Mirror.Space.PfnMap(Page.Shift, address, page));
    }
}
