namespace GpuSvm.Core.Tests.Addresses;

public class FrameTests
{
    [Theory]
    [InlineData(0, 0, 0, true)]
    [InlineData(1, 1, 0, false)]
    [InlineData(4095, 1, 0, false)]
    [InlineData(4096, 1, 4096, true)]
    [InlineData(4097, 2, 4096, false)]
    [InlineData(ulong.MaxValue, 1UL << 52, 0xffff_ffff_ffff_f000, false)]
    public void Pages_round_a_count_up_and_an_address_down(ulong value, ulong pages, ulong start, bool aligned)
    {
        Assert.Equal(pages, Page.Count(value));
        Assert.Equal(start, Page.AlignDown(value));
        Assert.Equal(aligned, Page.IsAligned(value));
    }

    [Fact]
    public void A_frame_number_is_a_physical_address_divided_by_4096()
    {
        Assert.Equal(new FrameNumber(5), new PhysicalAddress(0x5fff).Frame);
        Assert.Equal(new PhysicalAddress(0x5000), new FrameNumber(5).Address);
        Assert.Equal(new FrameNumber(7), new FrameNumber(5) + 2);
    }

    [Fact]
    public void A_frame_beyond_the_64_bit_range_has_no_address()
    {
        Assert.Equal(0xffff_ffff_ffff_f000UL, new FrameNumber((1UL << 52) - 1).Address.Value);
        Assert.Throws<OverflowException>(() => new FrameNumber(1UL << 52).Address);
        Assert.Throws<OverflowException>(() => new FrameNumber(ulong.MaxValue) + 1);
    }
}
