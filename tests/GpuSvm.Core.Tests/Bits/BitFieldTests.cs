namespace GpuSvm.Core.Tests.Bits;

public class BitFieldTests
{
    [Theory]
    [InlineData(0, 0, 1UL, 1UL)]
    [InlineData(63, 0, ulong.MaxValue, ulong.MaxValue)]
    [InlineData(63, 63, 1UL, 1UL << 63)]
    [InlineData(11, 4, 0xffUL, 0xff0UL)]
    public void A_field_is_the_bits_from_high_down_to_low(int high, int low, ulong max, ulong mask)
    {
        var field = new BitField(high, low);

        Assert.Equal(max, field.MaxValue);
        Assert.Equal(mask, field.Mask);
        Assert.Equal(mask, field.Put(max));
        Assert.Equal(max, field.Get(ulong.MaxValue));
        Assert.Equal(0UL, field.Get(~mask));
    }

    [Fact]
    public void Set_replaces_the_field_and_nothing_else()
    {
        var field = new BitField(11, 4);

        Assert.Equal(0xffff_ffff_ffff_fa5fUL, field.Set(ulong.MaxValue, 0xa5));
        Assert.Equal(0xa50UL, field.Set(0, 0xa5));
    }

    [Fact]
    public void A_value_that_does_not_fit_is_refused_with_its_bits()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new BitField(11, 4).Put(0x100));

        Assert.Contains("0x100", error.Message, StringComparison.Ordinal);
        Assert.Contains("11:4", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new BitField(11, 4).Set(0, 0x100));
    }
}
