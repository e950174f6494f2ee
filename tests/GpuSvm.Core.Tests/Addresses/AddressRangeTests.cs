using FsCheck;
using FsCheck.Fluent;

namespace GpuSvm.Core.Tests.Addresses;

public class AddressRangeTests
{
    private const ulong Top = ulong.MaxValue;

    [Fact]
    public void A_range_holds_its_start_and_not_its_end()
    {
        AddressRange range = Range(0x1000, 0x3000);

        Assert.False(range.Contains(new VirtualAddress(0xfff)));
        Assert.True(range.Contains(new VirtualAddress(0x1000)));
        Assert.True(range.Contains(new VirtualAddress(0x2fff)));
        Assert.False(range.Contains(new VirtualAddress(0x3000)));
        Assert.Equal(0x2000UL, range.Length);
        Assert.Equal("[0x1000, 0x3000)", range.ToString());
    }

    [Fact]
    public void A_range_does_not_end_below_its_start() => Assert.Throws<ArgumentOutOfRangeException>(() => Range(2, 1));

    [Fact]
    public void A_length_that_passes_the_end_of_the_64_bit_range_is_refused()
    {
        Assert.True(AddressRange.TryFromLength(Top - 1, 1, out AddressRange last));
        Assert.Equal(Range(Top - 1, Top), last);
        Assert.False(AddressRange.TryFromLength(Top - 1, 2, out _));
        Assert.False(AddressRange.TryFromLength(1, Top, out _));
        Assert.Equal(Top, AddressRange.FromLength(0, Top).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => AddressRange.FromLength(2, Top));
    }

    [Fact]
    public void The_page_of_an_address_starts_at_or_below_it()
    {
        Assert.Equal(Range(0x1000, 0x2000), AddressRange.PageAt(0x1000));
        Assert.Equal(Range(0x1000, 0x2000), AddressRange.PageAt(0x1fff));
        Assert.Throws<OverflowException>(() => AddressRange.PageAt(Top));
    }

    [Theory]
    [InlineData(0, 0, 0, true)]
    [InlineData(0x1800, 0x1800, 0, false)]
    [InlineData(0x1000, 0x2000, 1, true)]
    [InlineData(0x1fff, 0x2001, 2, false)]
    [InlineData(0, Top, 1UL << 52, false)]
    public void Counts_the_pages_that_it_touches(ulong start, ulong end, ulong pages, bool aligned)
    {
        Assert.Equal(pages, Range(start, end).PageCount);
        Assert.Equal(aligned, Range(start, end).IsPageAligned);
    }

    [Fact]
    public void The_default_is_the_empty_range_at_zero()
    {
        Assert.True(default(AddressRange).IsEmpty);
        Assert.Equal(Range(0, 0), default);
        Assert.False(Range(0, 10).Overlaps(default));
        Assert.True(Range(0, 10).Contains(default(AddressRange)));
    }

    [Fact]
    public void Overlap_intersection_and_containment_agree_with_counting_bytes() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll<ulong>(ArbMap.Default.ArbFor<ulong>(), seed =>
            {
                var random = new SeededRandom(seed);
                AddressRange a = AddressRange.FromLength(random.Next(12UL), random.Next(8UL));
                AddressRange b = AddressRange.FromLength(random.Next(12UL), random.Next(8UL));
                ulong[] common = Bytes(a).Intersect(Bytes(b)).ToArray();

                Assert.Equal(common.Length > 0, a.Overlaps(b));
                Assert.Equal(common, Bytes(a.Intersect(b)));
                Assert.Equal(b.IsEmpty ? a.Start <= b.Start && b.End <= a.End : common.Length == Bytes(b).Count(), a.Contains(b));
            }));

    private static IEnumerable<ulong> Bytes(AddressRange range)
    {
        for (ulong at = range.Start; at < range.End; at++)
        {
            yield return at;
        }
    }

    private static AddressRange Range(ulong start, ulong end) => new(start, end);
}
