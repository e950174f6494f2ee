using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;
using static GpuSvm.Mmu.Tests.Infrastructure.AddressSpaceFixture;

namespace GpuSvm.Mmu.Tests;

/// <summary>A call that fails changes nothing: known defects V01, V02, V06 to V08.</summary>
public class FailedCallTests
{
    private const ulong Start = 0x3FFF_F000;

    [Fact]
    public void A_failed_creation_leaves_nothing()
    {
        var journal = new Journal();
        var memory = new RecordingPageTableMemory(journal);
        memory.Failures.Allowed = 0;
        Errno error = GpuAddressSpace.TryCreate(
            memory, new RecordingDmaMapper(journal), new RecordingTlb(journal), out GpuAddressSpace? space);
        Assert.Equal(Errno.ENOMEM, error);
        Assert.Null(space);
        Assert.Equal("", journal.Take());
        Assert.Equal(0, memory.LiveBytes);
    }

    [Fact]
    public void Whichever_allocation_fails_the_state_is_as_before_and_all_valid_bits_are_cleared()
    {
        // The two pages lie in different PD1 entries: 4 + 2 tables and 2 DMA addresses are needed.
        for (int site = 0; site < 8; site++)
        {
            using var f = new AddressSpaceFixture();
            FailurePoint failures = site < 6 ? f.Memory.Failures : f.Dma.Failures;
            failures.Allowed = site < 6 ? site : site - 6;
            PfnEntry[] pfns = [Host(1), Host(2, ReadOnly)];
            Assert.Equal(Errno.ENOMEM, f.Map(Start, pfns));
            Assert.Equal([Host(1).Rejected(), Host(2, ReadOnly).Rejected()], pfns);
            Assert.Equal((0, 0), (f.Space.MappedPages, f.Dma.MappedPages));
            Assert.Equal((RootBytes, RootBytes), (f.Space.PageTableBytes, f.Memory.LiveBytes));
            Assert.Equal([0UL, 0UL, 0UL, 0UL], f.Memory.Words(f.Space.Root.Address, 32).ToArray());

            f.MapOk(Start, Host(1), Host(2, ReadOnly));
            Assert.Equal(2, f.Space.MappedPages);
        }
    }

    [Fact]
    public void Tables_that_were_linked_are_flushed_before_they_are_freed()
    {
        using var f = new AddressSpaceFixture();
        f.Memory.Failures.Allowed = 5;
        Assert.Equal(Errno.ENOMEM, f.Map(Start, Host(1), Host(2)));

        // Five tables; the sixth fails. All five were linked, and a walk may have read their entries.
        Assert.Equal(
            $"alloc 4096\nalloc 4096\nalloc 4096\nalloc 4096\nalloc 4096\n" +
            $"flush [0x{Start:x}, 0x{Start + 0x2000:x}) depth 0\nfree 4096\nfree 4096\nfree 4096\nfree 4096\nfree 4096",
            f.Journal.Take());
    }

    [Fact]
    public void A_failed_replacement_leaves_the_old_page_whole()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(Start, Host(1));
        DecodedEntry before = f.Walk(Start);
        f.Dma.Failures.Allowed = 0;
        PfnEntry[] pfns = [Host(11)];
        Assert.Equal(Errno.ENOMEM, f.Map(Start, pfns));
        Assert.False(pfns[0].IsValid);
        Assert.Equal(before, f.Walk(Start));
        Assert.Equal(new FrameNumber(1), f.Dma.Resolve(before.Address).Frame);
        Assert.Equal((1, 1), (f.Space.MappedPages, f.Dma.MappedPages));
        Assert.Equal(OneLeafBytes, f.Space.PageTableBytes);
        Assert.DoesNotContain("depth 4", f.Journal.Take(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_frame_that_does_not_exist_is_an_exception_and_changes_nothing()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(Start, Host(1));
        f.Dma.FrameCount = 10;
        Assert.Throws<ArgumentOutOfRangeException>(() => f.Map(Start + 0x1000, Host(2), Host(10)));
        Assert.Throws<ArgumentOutOfRangeException>(() => f.Map(Start, Host(10)));
        Assert.Equal((1, 1), (f.Space.MappedPages, f.Dma.MappedPages));
        Assert.Equal((OneLeafBytes, OneLeafBytes), (f.Space.PageTableBytes, f.Memory.LiveBytes));
        Assert.Equal(new FrameNumber(1), f.Dma.Resolve(f.Walk(Start).Address).Frame);
    }

    [Fact]
    public void A_device_address_that_the_format_cannot_hold_is_given_back()
    {
        using var f = new AddressSpaceFixture();
        f.Dma.Next = 1UL << 58;
        Assert.Equal(Errno.ENOMEM, f.Map(Start, Host(1)));
        Assert.Equal(0, f.Dma.MappedPages);
        Assert.Equal(RootBytes, f.Space.PageTableBytes);
    }

    [Fact]
    public void Misuse_is_an_exception_at_the_edge()
    {
        var journal = new Journal();
        var memory = new RecordingPageTableMemory(journal);
        var dma = new RecordingDmaMapper(journal);
        var tlb = new RecordingTlb(journal);
        Assert.Throws<ArgumentNullException>(() => GpuAddressSpace.TryCreate(null!, dma, tlb, out _));
        Assert.Throws<ArgumentNullException>(() => GpuAddressSpace.TryCreate(memory, null!, tlb, out _));
        Assert.Throws<ArgumentNullException>(() => GpuAddressSpace.TryCreate(memory, dma, null!, out _));
    }
}
