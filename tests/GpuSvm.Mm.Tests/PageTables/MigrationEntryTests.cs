namespace GpuSvm.Mm.Tests;

/// <summary>Migration entries, bit by bit.</summary>
public sealed class MigrationEntryTests
{
    private const ulong Frame = 0x123UL << 12;

    [Theory]
    [InlineData(Protection.None, 0x200UL)]
    [InlineData(Protection.Read, 0x204UL)]
    [InlineData(Protection.ReadWrite, 0x206UL)]
    public void A_migration_entry_keeps_frame_rights_and_marks_and_allows_nothing(Protection protection, ulong bits)
    {
        CpuPte page = CpuPte.Map(new FrameNumber(0x123), protection).Touched(CpuAccess.Write);

        CpuPte entry = page.ToMigration();

        Assert.Equal(new CpuPte(Frame | bits | 0x60), entry);
        Assert.Equal((true, false, false, false, false), (entry.IsMigration, entry.HasFrame, entry.IsPresent, entry.IsProtNone, entry.IsNone));
        Assert.Equal((Protection.None, protection), (entry.Rights, entry.KeptRights));
        Assert.False(entry.Allows(CpuAccess.Read) || entry.Allows(CpuAccess.Write));
        Assert.Equal(CpuPte.Map(new FrameNumber(0x456), protection).Touched(CpuAccess.Write), entry.FromMigration(new FrameNumber(0x456)));
        Assert.Equal(page, entry.FromMigration(page.Frame));
    }

    [Theory]
    [InlineData(Protection.None, 0x200UL)]
    [InlineData(Protection.Read, 0x204UL)]
    [InlineData(Protection.ReadWrite, 0x206UL)]
    public void Its_rights_are_replaced_as_those_of_a_page(Protection protection, ulong bits)
    {
        CpuPte entry = CpuPte.Map(new FrameNumber(0x123), Protection.Read).ToMigration();

        Assert.Equal(new CpuPte(Frame | bits), entry.WithRights(protection));
    }

    [Theory]
    [InlineData(Protection.None)]
    [InlineData(Protection.Read)]
    [InlineData(Protection.ReadWrite)]
    public void An_entry_of_a_page_is_no_migration_entry(Protection protection)
    {
        CpuPte page = CpuPte.Map(new FrameNumber(0xf_ffff_ffff), protection);

        Assert.False(page.IsMigration);
        Assert.Equal(page.Rights, page.KeptRights);
    }

    [Fact]
    public void The_words_of_a_migration_lie_as_Linux_has_them()
    {
        var word = new MigratePfn((0x123UL << 6) | 0b1011);

        Assert.Equal(MigratePfn.From(CpuPte.Map(new FrameNumber(0x123), Protection.ReadWrite)), word);
        Assert.Equal((true, true, true, new FrameNumber(0x123)), (word.IsValid, word.Migrates, word.IsWritable, word.Frame));
        Assert.Equal(new MigratePfn((0x123UL << 6) | 0b1001), word.Staying());
        Assert.Equal(new MigratePfn((0x123UL << 6) | 0b0001), MigratePfn.Of(new FrameNumber(0x123)));
    }
}
