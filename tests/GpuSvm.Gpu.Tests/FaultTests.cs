namespace GpuSvm.Gpu.Tests;

public sealed class FaultTests
{
    [Fact]
    public void A_kernel_faults_its_way_through_memory_and_reads_what_is_there()
    {
        using var rig = new TestRig();
        rig.Back(4);
        for (ulong i = 0; i < 1024; i++)
        {
            rig.Word<long>(TestRig.Base + (8 * i)) = (long)i;
        }

        LaunchResult result = rig.Launch(Kernels.Sum, 2, 32, new SumArgs(TestRig.Base, TestRig.Base + 0x3000, 1024));
        result.ThrowIfFailed();
        Assert.Equal(1024 * 1023 / 2, rig.Word<long>(TestRig.Base + 0x3000));
        GpuCounters counters = rig.Gpu.Counters;
        Assert.Equal(1024 + 64, counters.Accesses);
        Assert.Equal(3, rig.Gpu.DmaMapper.MappedPages);
        Assert.Equal(counters.FaultsReported, rig.Faults.Count);
    }

    [Fact]
    public void One_load_that_faults_once_walks_twice_and_counts_once()
    {
        using var rig = new TestRig();
        rig.Back(1);
        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base + 5).ThrowIfFailed();
        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base + 6).ThrowIfFailed();
        var expected = new GpuCounters
        {
            Accesses = 2,
            TlbMisses = 1,
            L2TlbMisses = 2,
            Walks = 2,
            FaultsReported = 1,
            Replays = 1,
        };
        Assert.Equal(expected, rig.Gpu.Counters);
        Assert.Equal(1, rig.Gpu.Counters.TlbHits);
        Assert.Equal(1, rig.Interrupts);
    }

    [Theory]
    [InlineData(FaultAccess.Read, FaultType.Pde)]
    [InlineData(FaultAccess.Write, FaultType.Pde)]
    [InlineData(FaultAccess.Atomic, FaultType.Pde)]
    public void A_fault_entry_names_the_exact_byte_the_access_and_the_type(FaultAccess access, FaultType type)
    {
        using var rig = new TestRig();
        rig.Back(1);
        GpuKernel<ulong> kernel = access switch
        {
            FaultAccess.Read => Kernels.LoadOne,
            FaultAccess.Write => Kernels.StoreOne,
            _ => Kernels.AtomicOne,
        };
        rig.Launch(kernel, 1, 1, TestRig.Base + 0x738).ThrowIfFailed();
        FaultEntry entry = Assert.Single(rig.Faults);
        Assert.Equal(
            new FaultEntry(TestRig.Channel, TestRig.Base + 0x738, entry.Timestamp, 0, 0, IsHub: false, access, 0, type), entry);
    }

    [Fact]
    public void A_page_missing_from_a_table_that_exists_is_a_pte_fault()
    {
        using var rig = new TestRig();
        rig.Back(2);
        rig.Map(1);
        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base + 0x1001).ThrowIfFailed();
        Assert.Equal(FaultType.Pte, Assert.Single(rig.Faults).Type);
    }

    [Fact]
    public void A_store_to_a_read_only_page_faults_and_goes_on_when_the_right_is_given()
    {
        using var rig = new TestRig();
        rig.Back(1);
        rig.Map(1, TranslationRights.Read);
        rig.Launch(Kernels.StoreOne, 1, 1, TestRig.Base + 9).ThrowIfFailed();
        FaultEntry entry = Assert.Single(rig.Faults);
        Assert.Equal((FaultType.ReadOnlyViolation, FaultAccess.Write), (entry.Type, entry.Access));
        Assert.Equal(0x5a, rig.Word<byte>(TestRig.Base + 9));
    }

    [Fact]
    public void An_atomic_without_the_right_faults_as_an_atomic_violation()
    {
        using var rig = new TestRig();
        rig.Back(1);
        rig.Map(1, TranslationRights.Read | TranslationRights.Write);
        rig.Launch(Kernels.AtomicOne, 1, 1, TestRig.Base + 8).ThrowIfFailed();
        FaultEntry entry = Assert.Single(rig.Faults);
        Assert.Equal((FaultType.AtomicViolation, FaultAccess.Atomic), (entry.Type, entry.Access));
        Assert.Equal(1, rig.Word<long>(TestRig.Base + 8));
    }

    [Fact]
    public void An_address_beyond_49_bits_is_reported_and_can_be_cancelled()
    {
        using var rig = new TestRig();
        LaunchResult result = rig.Launch(Kernels.LoadOne, 1, 1, 1UL << 49);
        Assert.Equal(LaunchStatus.Faulted, result.Status);
        Assert.Equal(FaultType.VaLimitViolation, Assert.Single(rig.Faults).Type);
        Assert.Equal(1UL << 49, result.Fault!.Address.Value);
    }

    [Fact]
    public void An_instance_without_an_address_space_faults_as_unbound_and_dies_alone()
    {
        using var rig = new TestRig();
        rig.Back(1);
        var stranger = new InstancePointer(0x5000);
        LaunchResult result = rig.Gpu.LaunchAsync(stranger, Kernels.LoadOne, 1, 1, TestRig.Base).Result;
        Assert.Equal(LaunchStatus.Faulted, result.Status);
        FaultEntry entry = Assert.Single(rig.Faults);
        Assert.Equal((FaultType.UnboundInstanceBlock, stranger), (entry.Type, entry.Instance));
        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base).ThrowIfFailed();
    }

    [Fact]
    public void A_misaligned_access_kills_the_channel_without_a_fault_entry()
    {
        using var rig = new TestRig();
        rig.Back(1);
        LaunchResult result = rig.Launch(Kernels.LoadLong, 1, 1, TestRig.Base + 4);
        Assert.Equal(LaunchStatus.Faulted, result.Status);
        Assert.Equal(
            new GpuFaultReport(TestRig.Base + 4, FaultAccess.Read, "the address is not a multiple of the access size 8", Errno.EINVAL),
            result.Fault);
        Assert.Empty(rig.Faults);
        Assert.Throws<GpuAccessException>(result.ThrowIfFailed);
    }

    [Fact]
    public void Prefetches_never_wait_and_are_dropped_when_the_ring_is_full()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Sms = 1, FaultBufferEntries = 2 });
        rig.Back(1);
        rig.Gpu.SetFaultInterrupt(null);
        rig.Launch(Kernels.PrefetchOne, 1, 3, TestRig.Base + 0x123).ThrowIfFailed();
        Assert.Equal((1, 0, 3), (rig.Gpu.Counters.FaultsReported, rig.Gpu.Counters.Overflows, rig.Gpu.Counters.Prefetches));
        Assert.False(rig.Gpu.FaultBuffer.Overflow);
        rig.Service();
        FaultEntry entry = Assert.Single(rig.Faults);
        Assert.Equal((FaultAccess.Prefetch, TestRig.Base + 0x123), (entry.Access, entry.Address.Value));
        rig.Launch(Kernels.PrefetchOne, 1, 1, TestRig.Base).ThrowIfFailed();
        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base).ThrowIfFailed();
        Assert.Equal((1, 1, 0), (rig.Gpu.Counters.FaultsReported, rig.Gpu.Counters.Accesses, rig.Gpu.Counters.TlbMisses));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void A_small_ring_loses_no_access(int entries)
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Sms = 4, FaultBufferEntries = entries });
        rig.Back(65);
        rig.Launch(Kernels.Increment, 8, 32, new SumArgs(TestRig.Base, 0, 256, 1024)).ThrowIfFailed();
        for (ulong i = 0; i < 256; i++)
        {
            Assert.Equal(1, rig.Word<long>(TestRig.Base + (1024 * i)));
        }

        Assert.Equal(512, rig.Gpu.Counters.Accesses);
        Assert.True(rig.Gpu.Counters.Overflows > 0);
        Assert.Equal(rig.Faults.Count, rig.Gpu.Counters.FaultsReported);
    }

    [Fact]
    public void Slots_given_back_let_an_overflowed_access_report_itself_without_a_replay()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Sms = 1, FaultBufferEntries = 2 });
        IFaultBuffer buffer = rig.Gpu.FaultBuffer;
        var seen = new List<ulong>();
        rig.Gpu.SetFaultInterrupt(() =>
        {
            Assert.True(buffer.TryRead(buffer.Get, out FaultEntry entry));
            seen.Add(entry.Address.Value);
            buffer.MarkInvalid(buffer.Get);
            buffer.WriteGet(buffer.Put);
            if (seen.Count == 3)
            {
                rig.Map(3);
                rig.Gpu.Replay();
            }
        });
        rig.Launch(Kernels.Increment, 1, 3, new SumArgs(TestRig.Base, 0, 3, 4096)).ThrowIfFailed();
        Assert.Equal([TestRig.Base, TestRig.Base + 0x1000, TestRig.Base + 0x2000], seen.Order());
        Assert.Equal((3, 1), (rig.Gpu.Counters.FaultsReported, rig.Gpu.Counters.Replays));
    }

    [Fact]
    public void A_fault_that_nobody_serves_ends_the_launch()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Sms = 1, FaultTimeout = TimeSpan.FromMilliseconds(20) });
        int raised = 0;
        rig.Gpu.SetFaultInterrupt(() => raised++);
        LaunchResult result = rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base + 1);
        Assert.Equal(
            new GpuFaultReport(
                TestRig.Base + 1, FaultAccess.Read, "fault not served: neither replay nor cancel came in time", Errno.ETIMEDOUT),
            result.Fault);
        Assert.Equal(16, raised);
    }

    [Fact]
    public void What_the_interrupt_handler_throws_reaches_the_launch()
    {
        using var rig = new TestRig();
        rig.Gpu.SetFaultInterrupt(() => throw new InvalidDataException("handler"));
        Task<LaunchResult> task = rig.Gpu.LaunchAsync(TestRig.Channel, Kernels.LoadOne, 1, 1, TestRig.Base);
        Assert.Equal("handler", Assert.Throws<InvalidDataException>(() => task.GetAwaiter().GetResult()).Message);
    }

    [Fact]
    public void A_yielding_thread_does_not_keep_the_interrupt_of_another_back()
    {
        using var rig = new TestRig();
        rig.Back(2);
        rig.Launch(Kernels.SetOneByThreadZero, 1, 2, TestRig.Base + 0x1008).ThrowIfFailed();
        Assert.Equal(1, rig.Word<long>(TestRig.Base + 0x1008));
    }
}
