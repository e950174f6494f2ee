using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Linux;

/// <summary>What /proc/self/pagemap says of a page before, during and after.</summary>
public sealed class PagemapEntryTests
{
    private const int Remove = 9;

    [LiveFact]
    public void A_page_is_absent_then_present_then_protected_then_absent()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 4);
        Assert.False(PagemapEntry.Of(memory.PageStart(2)).IsPresent);

        memory.Fill(2, 1);
        Assert.False(PagemapEntry.Of(memory.PageStart(2)).IsPresent);
        Assert.Equal(Errno.None, memory.Uffd.Continue(memory.Pages(2), ContinueMode.ReadWrite, out _));
        PagemapEntry mapped = PagemapEntry.Of(memory.PageStart(2) + 17);
        Assert.True(mapped.IsPresent);
        Assert.True(mapped.IsFileOrShared);
        Assert.False(mapped.IsUserfaultWriteProtected);
        Assert.False(mapped.IsSwapped);

        Assert.Equal(Errno.None, memory.Uffd.WriteProtect(memory.Pages(2)));
        Assert.True(PagemapEntry.Of(memory.PageStart(2)).IsUserfaultWriteProtected);
        Assert.Contains(
            "present, file or shared, write-protected by userfaultfd",
            PagemapEntry.Of(memory.PageStart(2)).ToString(), StringComparison.Ordinal);

        unsafe
        {
            // The alias is not registered: a hole that is punched through it waits for no reader.
            Assert.Equal(0, Libc.Advise((nint)(memory.Alias + (2 * 4096)), 4096, Remove));
        }

        Assert.False(PagemapEntry.Of(memory.PageStart(2)).IsPresent);
    }

    [Fact]
    public void Each_bit_has_its_place_and_its_word()
    {
        Assert.Equal("absent", default(PagemapEntry).ToString());
        Assert.Equal("present", new PagemapEntry(1UL << 63).ToString());
        Assert.Equal("swapped", new PagemapEntry(1UL << 62).ToString());
        Assert.Equal("file or shared", new PagemapEntry(1UL << 61).ToString());
        Assert.Equal("write-protected by userfaultfd", new PagemapEntry(1UL << 57).ToString());
        Assert.Equal("soft-dirty", new PagemapEntry(1UL << 55).ToString());
    }

    [Fact]
    public void An_address_beyond_every_process_has_an_empty_entry()
    {
        Assert.Equal(default, PagemapEntry.Of(0xFFFF_FFFF_FFFF_F000));
    }
}
