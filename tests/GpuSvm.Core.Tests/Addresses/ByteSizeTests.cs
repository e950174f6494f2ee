namespace GpuSvm.Core.Tests.Addresses;

public class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("4096", 4096)]
    [InlineData(" 64K ", 65536)]
    [InlineData("64k", 65536)]
    [InlineData("64KiB", 65536)]
    [InlineData("2M", 2 << 20)]
    [InlineData("2mib", 2 << 20)]
    [InlineData("3G", 3UL << 30)]
    [InlineData("17179869183G", 17179869183UL << 30)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    public void Reads_numbers_with_binary_units(string text, ulong bytes)
    {
        Assert.True(ByteSize.TryParse(text, out ByteSize size));
        Assert.Equal(bytes, size.Bytes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("K")]
    [InlineData("iB")]
    [InlineData("64iB")]
    [InlineData("64KB")]
    [InlineData("64T")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5M")]
    [InlineData("0x10")]
    [InlineData("1 000")]
    [InlineData("17179869184G")]
    [InlineData("18446744073709551616")]
    public void Refuses_everything_else(string? text)
    {
        Assert.False(ByteSize.TryParse(text, out ByteSize size));
        Assert.Equal(0UL, size.Bytes);
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(4097, "4097 B")]
    [InlineData(65536, "64 KiB")]
    [InlineData(1 << 20, "1 MiB")]
    [InlineData(1UL << 40, "1024 GiB")]
    public void Prints_with_the_largest_unit_that_divides_it(ulong bytes, string text) => Assert.Equal(text, new ByteSize(bytes).ToString());

    [Fact]
    public void Units_are_binary_and_checked()
    {
        Assert.Equal(1024UL, ByteSize.KiB(1).Bytes);
        Assert.Equal(1048576UL, ByteSize.MiB(1).Bytes);
        Assert.Equal(1073741824UL, ByteSize.GiB(1).Bytes);
        Assert.Throws<OverflowException>(() => ByteSize.KiB(1UL << 54));
        Assert.Throws<OverflowException>(() => ByteSize.MiB(1UL << 44));
        Assert.Throws<OverflowException>(() => ByteSize.GiB(1UL << 34));
    }
}
