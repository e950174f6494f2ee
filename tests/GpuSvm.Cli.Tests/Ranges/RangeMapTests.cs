using GpuSvm.Cli.Runs.Ranges;
using GpuSvm.Svm;

namespace GpuSvm.Cli.Tests.Ranges;

/// <summary>A range as a row, and its map.</summary>
public sealed class RangeMapTests
{
    private const SvmPlace V = SvmPlace.Own;
    private const SvmPlace S = SvmPlace.System;

    [Fact]
    public void One_page_at_home_of_a_range_of_512_is_seen()
    {
        RangeRow row = Row((V, 300), (S, 1), (V, 211));

        Assert.Equal(("mixed", 511L, 1L, 0L), (row.Place, row.VideoPages, row.SystemPages, row.AbsentPages));
        Assert.Equal(new PageRun[] { new("video", 300), new("system", 1), new("video", 211) }, row.Runs);
        Assert.Equal("VVVVVVVVVVVVVVVVVV*VVVVVVVVVVVVV", RangeMap.Draw(row));
    }

    [Fact]
    public void A_range_of_few_pages_has_a_letter_for_each()
    {
        Assert.Equal("s", RangeMap.Draw(Row((S, 1))));
        Assert.Equal("VVVs.VVVVVVVVVVV", RangeMap.Draw(Row((V, 3), (S, 1), (SvmPlace.Untouched, 1), (V, 11))));
    }

    [Fact]
    public void A_letter_for_many_pages_is_that_of_those_which_are_somewhere()
    {
        Assert.Equal("V" + new string('.', 31), RangeMap.Draw(Row((V, 1), (SvmPlace.Unmapped, 511))));
        Assert.Equal(".s" + new string('s', 30), RangeMap.Draw(Row((SvmPlace.Untouched, 31), (S, 481))));
    }

    [Fact]
    public void Runs_that_differ_in_rights_alone_are_one()
    {
        AddressRange range = AddressRange.FromLength(0x10000UL, 16 * 4096);
        var residency = new RangeResidency(
            range,
            [
                new SvmResidencyRun(AddressRange.FromLength(0x10000UL, 4 * 4096), V, Protection.Read, range),
                new SvmResidencyRun(AddressRange.FromLength(0x14000UL, 12 * 4096), V, Protection.None, range),
            ]);

        RangeRow row = RangeRow.Of(residency);

        Assert.Equal([new PageRun("video", 16)], row.Runs);
        Assert.Equal(("0x10000", 65536UL, "video", 4L), (row.Start, row.Bytes, row.Place, row.MappedPages));
    }

    [Fact]
    public void A_range_without_pages_is_absent() => Assert.Equal("absent", Row((SvmPlace.Untouched, 1)).Place);

    private static RangeRow Row(params (SvmPlace Place, int Pages)[] runs)
    {
        AddressRange range = AddressRange.FromLength(0x200000UL, (ulong)runs.Sum(run => run.Pages) * 4096);
        List<SvmResidencyRun> places = [];
        ulong at = range.Start;
        foreach ((SvmPlace place, int pages) in runs)
        {
            places.Add(new SvmResidencyRun(AddressRange.FromLength(at, (ulong)pages * 4096), place, Protection.None, range));
            at += (ulong)pages * 4096;
        }

        return RangeRow.Of(new RangeResidency(range, places));
    }
}
