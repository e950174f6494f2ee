using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Ranges;

/// <summary>Faults of one address space are served by several workers at once, each range by one of them.</summary>
public sealed class RangeWorkersTests
{
    private const int Blocks = 6;

    [Fact]
    public void Workers_share_the_ranges_of_a_batch_and_each_is_bound_once()
    {
        const int Rounds = 50;
        using DriverFixture d = Make(out VirtualAddress a);
        for (int round = 0; round < Rounds; round++)
        {
            for (ulong block = 0; block < Blocks; block++)
            {
                d.Fault(a + (block * HugePage.Size), FaultAccess.Read);
                d.Fault(a + (block * HugePage.Size) + (9 * Page.Size), FaultAccess.Write);
                d.Fault(a + (block * HugePage.Size) + (9 * Page.Size) + 8, FaultAccess.Write);
            }

            d.Driver.ServiceFaults();
            Assert.Equal(Blocks * 512, d.Driver.MappedPages);
            Assert.Equal(Errno.None, d.Mm.Discard(a, Blocks * HugePage.Size));
        }

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((Rounds * Blocks * 3L, Rounds * (long)Blocks, Rounds * Blocks * 512L), (c.Fetched, c.Duplicates, c.PagesMapped));
        Assert.Equal((Rounds * (long)Blocks, 0L, 0L, 0L), (c.Ranges.Bound, c.Ranges.LeftToPages, c.Ranges.Retries, c.Cancels));
        Assert.Equal((Blocks, (long)Blocks), (d.Client.RangeSpace!.RangeCount, d.Client.RangeSpace.RangesMade));
    }

    /// <summary>Another thread unmaps and maps what the workers serve: each fault is served or says that nothing is mapped, and nothing is left.</summary>
    [Fact]
    public void Workers_and_an_unmap_agree()
    {
        using DriverFixture d = Make(out VirtualAddress a);
        bool isDone = false;
        SvmThread other = SvmThread.Start("unmap", () =>
        {
            for (ulong i = 0; !SharedWord.Read(ref isDone); i++)
            {
                VirtualAddress at = a + (i % Blocks * HugePage.Size) + (i % 7 * 64 * Page.Size);
                Assert.Equal(Errno.None, d.Mm.Unmap(at, 64 * Page.Size));
                Assert.Equal(Errno.None, d.Mm.Map(at, 64 * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
            }
        });
        for (ulong round = 0; round < 200; round++)
        {
            for (ulong block = 0; block < Blocks; block++)
            {
                d.Fault(a + (block * HugePage.Size) + (round % 8 * 64 * Page.Size), FaultAccess.Write);
            }

            d.Driver.ServiceFaults();
        }

        SharedWord.Write(ref isDone, true);
        other.Join();
        Assert.All(d.Gpu.Cancelled, cancel => Assert.Equal(Errno.EFAULT, cancel.Report.Error));
        Assert.Equal(Errno.None, d.Mm.Unmap(a, Blocks * HugePage.Size));
        Assert.Equal((0L, 0L), (d.Driver.MappedPages, d.Gpu.Dma.MappedPages));
    }

    private static DriverFixture Make(out VirtualAddress address)
    {
        var d = new DriverFixture(new SvmDriverOptions
        {
            Strategy = MirrorStrategies.SizedRanges,
            Workers = 3,
            FaultsPerHelper = 1,
            MaxReturns = int.MaxValue,
        });
        address = d.MapBlocks(Blocks);
        return d;
    }
}
