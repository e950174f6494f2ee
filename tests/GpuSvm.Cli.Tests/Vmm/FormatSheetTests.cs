using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Core;
using GpuSvm.Mmu;
using GpuSvm.Mmu.Formats.Gp100;

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

    [Fact]
    public void Each_format_has_fields() =>
        Assert.All(FormatSheet.All, sheet => Assert.NotEmpty(sheet.Entries));

    private static BitField Field(int entry, string name) => Gp100Format.Entries[entry].Fields.Single(field => field.Name == name).Bits;
}
