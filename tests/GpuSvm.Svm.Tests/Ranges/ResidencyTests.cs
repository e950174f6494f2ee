namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>Where each page of a range is.</summary>
public sealed class ResidencyTests
{
    private static readonly SvmContext Possible = new() { IsDeviceMemoryPossible = true };

    [Fact]
    public void A_range_of_2_MiB_with_one_page_at_home_stays_one_range_with_511_pages_on_the_device()
    {
        using var m = new RangeMachine();
        m.Process.Map(512);
        m.Process.Write(0, 512);
        m.Process.ToDevice(0, 512);
        SvmRange range = m.Bound(0, Possible);
        Assert.Equal(["Own ReadWrite 0+512 in 512"], Lines(m, 0, 512));

        m.Process.Memory.MigrateToSystem(m.Mm, RangeMachine.Pages(100, 1));
        Assert.Equal(["Own ReadWrite 0+100 in 512", "System None 100+1 in 512", "Own ReadWrite 101+411 in 512"], Lines(m, 0, 512));

        m.Dma.Calls.Clear();
        Assert.Same(range, m.Bound(100, Possible));
        Assert.Equal(["Own ReadWrite 0+100 in 512", "System ReadWrite 100+1 in 512", "Own ReadWrite 101+411 in 512"], Lines(m, 0, 512));
        Assert.Equal((1, 1L, true), (m.Space.RangeCount, m.Dma.MappedPages, range.HasDevicePages));
        Assert.Equal(["map 0 Bidirectional"], m.Dma.Calls);
        Assert.Equal(new string('D', 100) + "S" + new string('D', 411), m.Process.Where(0, 512));
    }

    [Fact]
    public void Runs_end_where_ranges_places_or_rights_do()
    {
        using var m = new RangeMachine();
        m.Process.Map(20);
        m.Process.Write(0, 18);
        m.Process.ToDevice(2, 2);
        m.Got(0, RangeMachine.Read);
        m.Range(16);
        m.Got(17);

        Assert.Equal(
            [
                "System Read 0+2 in 16", "Own Read 2+2 in 16", "System Read 4+12 in 16",
                "System None 16+1 in 1", "System ReadWrite 17+1 in 1", "Untouched None 18+2", "Unmapped None 20+4",
            ],
            Lines(m, 0, 24));
        Assert.Equal(["System Read 1+1 in 16", "Own Read 2+1 in 16"], Lines(m, 1, 2));
        Assert.Throws<ArgumentException>(() => m.Space.Residency(new AddressRange(0x1001UL, 0x2000UL)));
    }

    [Fact]
    public void Pages_that_the_CPU_reaches_on_the_device_are_its_own_too()
    {
        using var m = new RangeMachine(kind: DevicePageKind.Coherent);
        m.Process.Map(2);
        m.Process.Write(0, 2);
        m.Process.ToDevice(0, 1);

        Assert.Equal(["Own None 0+1", "System None 1+1"], Lines(m, 0, 2));
    }

    private static List<string> Lines(RangeMachine m, int first, int count)
    {
        IReadOnlyList<SvmResidencyRun> runs = m.Space.Residency(RangeMachine.Pages(first, count));
        Assert.Equal(RangeMachine.Pages(first, count), new AddressRange(runs[0].Pages.Start, runs[^1].Pages.End));
        return [.. runs.Select(run =>
            $"{run.Place} {run.Rights} {(run.Pages.Start - RangeMachine.At(0)) / Page.Size}+{run.Pages.PageCount}" +
            (run.Chunk.IsEmpty ? "" : $" in {run.Chunk.PageCount}"))];
    }
}
