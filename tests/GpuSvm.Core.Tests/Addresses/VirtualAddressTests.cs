namespace GpuSvm.Core.Tests.Addresses;

public class VirtualAddressTests
{
    private static readonly VirtualAddress Top = ulong.MaxValue;

    [Fact]
    public void Adds_and_subtracts_bytes()
    {
        VirtualAddress address = 0x1000;

        Assert.Equal(0x1008UL, (address + 8UL).Value);
        Assert.Equal(0x1008UL, (address + 8L).Value);
        Assert.Equal(0xff8UL, (address + -8L).Value);
        Assert.Equal(0x20UL, new VirtualAddress(0x1020) - address);
    }

    [Fact]
    public void A_sum_that_leaves_the_64_bit_range_throws()
    {
        Assert.Equal(Top, Top + 0L);
        Assert.Throws<OverflowException>(() => Top + 1UL);
        Assert.Throws<OverflowException>(() => Top + 1L);
        Assert.Throws<OverflowException>(() => new VirtualAddress(0) + -1L);
        Assert.Throws<OverflowException>(() => new VirtualAddress(1) - new VirtualAddress(2));
    }

    [Fact]
    public void The_longest_step_back_is_exact()
    {
        Assert.Equal(0UL, (new VirtualAddress(1UL << 63) + long.MinValue).Value);
        Assert.Throws<OverflowException>(() => new VirtualAddress((1UL << 63) - 1) + long.MinValue);
    }

    [Fact]
    public void Is_ordered_as_an_unsigned_number()
    {
        var low = new VirtualAddress(1);
        var high = new VirtualAddress(1UL << 63);

        Assert.True(low < high && high > low && low <= high && high >= low);
        Assert.False(high < low || low > high || high <= low || low >= high);
        Assert.Equal(-1, low.CompareTo(high));
    }

    [Fact]
    public void Prints_in_hexadecimal()
    {
        Assert.Equal("0x7f0000001000", new VirtualAddress(0x7f0000001000).ToString());
        Assert.Equal("phys:0x1000", new PhysicalAddress(0x1000).ToString());
        Assert.Equal("dma:0x1000", new DeviceAddress(0x1000).ToString());
        Assert.Equal("pfn:0x1000", new FrameNumber(0x1000).ToString());
    }
}
