using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Gpu.Tests;

public sealed class WalkerTests
{
    private const ulong SparseBits = 0x8;
    private const ulong PrivilegedBit = 1 << 5;

    [Fact]
    public void The_tables_address_decides_which_frame_a_kernel_reads()
    {
        using var rig = new TestRig();
        rig.Map(2);
        rig.Word<long>(TestRig.Base) = 11;
        rig.Word<long>(TestRig.Base + 0x1000) = 22;
        Assert.Equal(11, Read(rig));
        ulong own = rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0];
        rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0] = rig.Entry(TestRig.Base + 0x1000, TestRig.PageTableDepth)[0];
        rig.Flush(TestRig.PageTableDepth);
        Assert.Equal(22, Read(rig));
        rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0] = own;
    }

    [Fact]
    public void Every_flipped_bit_of_a_page_entry_that_matters_is_noticed()
    {
        using var rig = new TestRig();
        rig.Gpu.SetFaultInterrupt(() => CancelAll(rig));
        rig.Map(1);
        rig.Word<long>(TestRig.Base) = 42;
        ulong good = rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0];
        int noticed = 0;
        for (int bit = 8; bit < 54; bit++)
        {
            rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0] = good ^ (1UL << bit);
            rig.Flush(TestRig.PageTableDepth);
            noticed += Read(rig) == 42 ? 0 : 1;
        }

        // The address bits 53:8, and then the bits that make it valid, of another aperture, privileged.
        Assert.Equal(46, noticed);
        foreach (int bit in new[] { 0, 2, 5 })
        {
            rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0] = good ^ (1UL << bit);
            rig.Flush(TestRig.PageTableDepth);
            Assert.NotEqual(42, Read(rig));
        }

        rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0] = good;
        rig.Flush(TestRig.PageTableDepth);
        Assert.Equal(42, Read(rig));
    }

    [Theory]
    [InlineData(4, 0)]
    [InlineData(3, 99)]
    public void A_relinked_directory_entry_is_seen_only_by_a_flush_that_is_deep_enough(int depth, long expected)
    {
        using var rig = new TestRig();
        rig.Map(1);
        rig.Word<long>(TestRig.Base) = 0;
        rig.Word<long>(TestRig.Base + 0x1000) = 99;
        Assert.Equal(0, Read(rig));

        // A second page table, whose entry for the same address is another page; linked in place of the first.
        ulong otherArea = TestRig.Base + (1UL << 21);
        PfnEntry[] pfns = [PfnEntry.Host(TestRig.FrameOf(1), TranslationRights.Read)];
        Assert.Equal(Errno.None, rig.Space.PfnMap(Page.Shift, otherArea, pfns));
        Span<ulong> link = rig.Entry(TestRig.Base, 3);
        (ulong low, ulong high) = (link[0], link[1]);
        rig.Entry(otherArea, 3).CopyTo(link);

        rig.Flush(depth);
        Assert.Equal(expected, Read(rig));
        (rig.Entry(TestRig.Base, 3)[0], rig.Entry(TestRig.Base, 3)[1]) = (low, high);
        rig.Flush(0);
        Assert.Equal(Errno.None, rig.Space.PfnUnmap(AddressRange.PageAt(otherArea)));
    }

    [Fact]
    public void Invalid_entries_are_never_remembered()
    {
        using var rig = new TestRig();
        rig.Back(1);
        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base).ThrowIfFailed();
        Assert.Equal((1, 0), (rig.Gpu.Counters.FaultsReported, rig.Gpu.Counters.Invalidations));
    }

    [Fact]
    public void Sparse_pages_read_zero_and_drop_stores()
    {
        using var rig = new TestRig();
        rig.Map(1);
        rig.Word<long>(TestRig.Base) = 7;
        ulong good = rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0];
        rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0] = SparseBits;
        rig.Flush(TestRig.PageTableDepth);
        Assert.Equal(0, Read(rig));
        rig.Launch(Kernels.StoreOne, 1, 1, TestRig.Base).ThrowIfFailed();
        Assert.Equal(0, rig.Gpu.Counters.FaultsReported);
        rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0] = good;
        Assert.Equal(7, Read(rig));
    }

    [Fact]
    public void Privileged_pages_fault_for_kernels()
    {
        using var rig = new TestRig();
        rig.Map(1);
        rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0] |= PrivilegedBit;
        LaunchResult result = rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base);
        Assert.Equal(LaunchStatus.Faulted, result.Status);
        Assert.Equal(FaultType.PrivilegeViolation, Assert.Single(rig.Faults).Type);
        rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0] &= ~PrivilegedBit;
    }

    [Fact]
    public void A_page_of_memory_that_the_GPU_does_not_have_is_fatal()
    {
        using var rig = new TestRig();
        PfnEntry[] pfns = [PfnEntry.VideoMemory(rig.Gpu.VideoMemory.SizeBytes, TranslationRights.Read)];
        Assert.Equal(Errno.None, rig.Space.PfnMap(Page.Shift, TestRig.Base, pfns));
        LaunchResult result = rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base);
        Assert.Equal(Errno.EOPNOTSUPP, result.Fault!.Error);
        Assert.Empty(rig.Faults);
    }

    [Fact]
    public void An_entry_that_the_iommu_does_not_know_is_fatal_and_counted()
    {
        using var rig = new TestRig();
        rig.Map(1);
        ulong good = rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0];

        // A frame number in place of a device address: the mistake that equal numbering would hide.
        ulong frame = TestRig.FrameOf(0).Address.Value;
        rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0] =
            Gp100Format.EncodePage(new PageTarget(Aperture.SystemCoherent, frame), TranslationRights.Read);
        LaunchResult result = rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base);
        Assert.Equal(
            new GpuFaultReport(TestRig.Base, FaultAccess.Read, $"the IOMMU does not let it pass to dma:0x{frame:x}", Errno.EIO),
            result.Fault);
        Assert.Equal(1, rig.Gpu.Counters.IommuFaults);
        rig.Entry(TestRig.Base, TestRig.PageTableDepth)[0] = good;
        rig.Flush(TestRig.PageTableDepth);
        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base).ThrowIfFailed();
    }

    [Fact]
    public void The_sms_share_walks_through_the_second_tlb()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Sms = 4, WarpsPerSm = 1 });
        rig.Map(1);
        rig.Launch(Kernels.LoadOne, 4, 32, TestRig.Base).ThrowIfFailed();
        GpuCounters counters = rig.Gpu.Counters;
        Assert.Equal((128, 4, 3, 1, 1), (counters.Accesses, counters.TlbMisses, counters.L2TlbHits, counters.L2TlbMisses, counters.Walks));
    }

    private static void CancelAll(TestRig rig)
    {
        IFaultBuffer buffer = rig.Gpu.FaultBuffer;
        buffer.WriteGet(buffer.Put);
        rig.Gpu.Cancel(TestRig.Channel, new GpuFaultReport(TestRig.Base, FaultAccess.Read, "not mapped", Errno.EFAULT));
    }

    /// <summary>What a kernel reads at the base; -1 when it faults.</summary>
    private static long Read(TestRig rig)
    {
        // Far enough not to share a slot of a directory cache with the base.
        ulong output = TestRig.Base + (1UL << 30) + (3UL << 21);
        const TranslationRights All = TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic;
        PfnEntry[] pfns = [PfnEntry.Host(TestRig.FrameOf(100), All)];
        Assert.Equal(Errno.None, rig.Space.PfnMap(Page.Shift, output, pfns));
        Span<byte> frame = rig.Memory.Frame(TestRig.FrameOf(100));
        frame.Clear();
        LaunchResult result = rig.Launch(Kernels.Sum, 1, 1, new SumArgs(TestRig.Base, output, 1));
        long value = result.Succeeded ? BitConverter.ToInt64(frame) : -1;
        Assert.Equal(Errno.None, rig.Space.PfnUnmap(AddressRange.PageAt(output)));
        return value;
    }
}
