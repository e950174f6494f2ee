using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Core;
using GpuSvm.Mmu;
using GpuSvm.Mmu.Formats.Gf100;
using GpuSvm.Mmu.Formats.Gh100;
using GpuSvm.Mmu.Formats.Gp100;
using Gf100 = GpuSvm.Mmu.Formats.Gf100.Gf100Format<
    GpuSvm.Mmu.Formats.Gf100.Gm200Generation, GpuSvm.Mmu.Formats.Gf100.Gf100LargePage64K>;

namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>What is told of a format's bits is what its encoder writes.</summary>
public sealed class FormatSheetTests
{
    [Theory]
    [InlineData("VALID", 1)]
    [InlineData("APERTURE", 3)]
    [InlineData("VOL", 1)]
    [InlineData("ENCRYPTED", 1)]
    [InlineData("PRIVILEGE", 1)]
    [InlineData("READ_ONLY", 1)]
    [InlineData("ATOMIC_DISABLE", 1)]
    [InlineData("ADDRESS", 0x123456789ab)]
    [InlineData("KIND", 0xfe)]
    public void The_fields_of_a_GP100_page_are_those_of_its_encoder(string field, ulong value)
    {
        var page = Gp100Pte.Page(
            Aperture.SystemNonCoherent,
            0x123456789abUL << 12,
            TranslationRights.Read,
            PageAttributes.Volatile | PageAttributes.Encrypted | PageAttributes.Privileged,
            kind: 0xfe);

        Assert.Equal(value, Field(0, field).Get(page.Bits));
    }

    [Fact]
    public void The_fields_of_GP100_directories_are_those_of_their_encoder()
    {
        Gp100Format.EncodeDirectory(0, new TablePair(0x1234000), out ulong directory, out _);
        Gp100Format.EncodeDirectory(3, new TablePair(0x1234000, 0x5600), out ulong low, out ulong high);

        Assert.Equal((1UL, 0x1234UL), (Field(1, "APERTURE").Get(directory), Field(1, "ADDRESS").Get(directory)));
        Assert.Equal((1UL, 0x56UL), (Field(2, "APERTURE_BIG").Get(low), Field(2, "ADDRESS_BIG").Get(low)));
        Assert.Equal((1UL, 0x1234UL), (Field(3, "APERTURE_SMALL").Get(high), Field(3, "ADDRESS_SMALL").Get(high)));
    }

    [Theory]
    [InlineData("VALID", 1)]
    [InlineData("PRIVILEGE", 1)]
    [InlineData("READ_ONLY", 1)]
    [InlineData("ENCRYPTED", 1)]
    [InlineData("ADDRESS_SYS", 0x9876543)]
    [InlineData("VOL", 1)]
    [InlineData("APERTURE", 3)]
    [InlineData("LOCK", 0)]
    [InlineData("KIND", 0xfe)]
    [InlineData("READ_DISABLE", 0)]
    [InlineData("WRITE_DISABLE", 1)]
    public void The_fields_of_a_GF100_page_are_those_of_its_encoder(string field, ulong value)
    {
        var page = Gf100Pte.Page(
            Aperture.SystemNonCoherent,
            0x9876543UL << 12,
            TranslationRights.Read,
            PageAttributes.Volatile | PageAttributes.Encrypted | PageAttributes.Privileged,
            kind: 0xfe);

        Assert.Equal(value, Field<Gf100>(0, field).Get(page.Bits));
    }

    [Fact]
    public void The_fields_of_GF100_directories_are_those_of_their_encoder()
    {
        var entry = Gf100Pde.Tables(
            new TableLink(0x1234000), new TableLink(0x5678000, Aperture.SystemNonCoherent, PageAttributes.Volatile));

        Assert.Equal((1UL, 0x1234UL), (Field<Gf100>(1, "APERTURE_BIG").Get(entry.Bits), Field<Gf100>(1, "ADDRESS_BIG").Get(entry.Bits)));
        Assert.Equal((0UL, 1UL), (Field<Gf100>(1, "VOL_BIG").Get(entry.Bits), Field<Gf100>(2, "VOL_SMALL").Get(entry.Bits)));
        Assert.Equal((3UL, 0x5678UL), (Field<Gf100>(2, "APERTURE_SMALL").Get(entry.Bits), Field<Gf100>(2, "ADDRESS_SMALL").Get(entry.Bits)));
    }

    [Theory]
    [InlineData("VALID", 1)]
    [InlineData("APERTURE", 1)]
    [InlineData("PCF", 0b01111)]
    [InlineData("PCF 0", 1)]
    [InlineData("PCF 4", 0)]
    [InlineData("KIND", 6)]
    [InlineData("ADDRESS", 0x123456789a)]
    [InlineData("PEER_ID", 5)]
    public void The_fields_of_a_GH100_page_are_those_of_its_encoder(string field, ulong value)
    {
        var page = Gh100Pte.Page(
            Aperture.Peer,
            0x123456789aUL << 12,
            TranslationRights.Read,
            PageAttributes.Volatile | PageAttributes.Privileged,
            kind: 6,
            peer: 5,
            AccessCounting.Enabled);

        Assert.Equal(value, Field<Gh100Format>(0, field).Get(page.Bits));
    }

    [Fact]
    public void The_fields_of_GH100_directories_are_those_of_their_encoder()
    {
        Gh100Format.EncodeDirectory(0, new TablePair(0x1234000), out ulong directory, out _);
        Gh100Format.EncodeDirectory(4, new TablePair(0x1234000, 0x5600), out ulong low, out ulong high);

        Assert.Equal((1UL, 0x1234UL), (Field<Gh100Format>(1, "APERTURE").Get(directory), Field<Gh100Format>(1, "ADDRESS").Get(directory)));
        Assert.Equal((0UL, 1UL), (Field<Gh100Format>(2, "PCF_BIG 0").Get(low), Field<Gh100Format>(2, "PCF_BIG 1").Get(low)));
        Assert.Equal((1UL, 0x56UL), (Field<Gh100Format>(2, "APERTURE_BIG").Get(low), Field<Gh100Format>(2, "ADDRESS_BIG").Get(low)));
        Assert.Equal((1UL, 0x1234UL), (Field<Gh100Format>(3, "APERTURE_SMALL").Get(high), Field<Gh100Format>(3, "ADDRESS_SMALL").Get(high)));
    }

    [Fact]
    public void Each_format_has_fields() =>
        Assert.All(FormatSheet.All, sheet => Assert.NotEmpty(sheet.Entries));

    private static BitField Field(int entry, string name) => Field<Gp100Format>(entry, name);

    private static BitField Field<TFormat>(int entry, string name)
        where TFormat : struct, IPageTableFormat => TFormat.Entries[entry].Fields.Single(field => field.Name == name).Bits;
}
