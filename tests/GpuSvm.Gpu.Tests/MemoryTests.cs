namespace GpuSvm.Gpu.Tests;

public sealed class MemoryTests
{
    [Fact]
    public void Video_memory_hands_out_aligned_blocks_once_and_counts_them()
    {
        using var memory = new VideoMemory(ByteSize.MiB(1));
        var random = new SeededRandom(3);
        var held = new List<(ulong Address, int Size)>();
        for (int step = 0; step < 2000; step++)
        {
            if (held.Count > 0 && random.Next(2) == 0)
            {
                int pick = random.Next(held.Count);
                memory.Free(held[pick].Address, held[pick].Size);
                held.RemoveAt(pick);
                continue;
            }

            int size = 8 << random.Next(10);
            int alignment = 8 << random.Next(10);
            if (memory.TryAllocate(size, alignment, out ulong address) == Errno.None)
            {
                Assert.NotEqual(0UL, address);
                Assert.Equal(0UL, address % (ulong)alignment);
                Assert.DoesNotContain(held, other => address < other.Address + (ulong)other.Size && other.Address < address + (ulong)size);
                held.Add((address, size));
            }
        }

        held.ForEach(block => memory.Free(block.Address, block.Size));
        Assert.Equal(0, memory.AllocatedBytes);
    }

    [Fact]
    public void Full_video_memory_answers_enomem_and_freed_tables_hold_poison()
    {
        using var memory = new VideoMemory(ByteSize.KiB(12));
        Assert.Equal(Errno.None, memory.TryAllocate(4096, 4096, out ulong first));
        Assert.Equal(Errno.None, memory.TryAllocate(32, 4096, out ulong second));
        Assert.Equal(8192, memory.AllocatedBytes);
        Assert.Equal(Errno.ENOMEM, memory.TryAllocate(8, 8, out _));
        memory.Words(first, 4096).Clear();
        memory.Free(first, 4096);
        Assert.Equal(0xdbdb_dbdb_dbdb_dbdbUL, memory.Words(first, 4096)[511]);
        Assert.Throws<ArgumentException>(() => memory.Free(first, 4096));
        Assert.Throws<ArgumentException>(() => memory.TryAllocate(24, 8, out _));
        memory.Free(second, 32);
    }

    [Fact]
    public void Device_addresses_are_aligned_shuffled_and_never_frame_numbers()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Seed = 4, DmaPages = 4096 });
        IDmaMapper dma = rig.Gpu.DmaMapper;
        var random = new SeededRandom(9);
        var held = new List<(DeviceAddress Address, int Order)>();
        long pages = 0;
        for (int step = 0; step < 3000; step++)
        {
            if (held.Count > 0 && random.Next(2) == 0)
            {
                int pick = random.Next(held.Count);
                dma.Unmap(held[pick].Address, held[pick].Order);
                pages -= 1L << held[pick].Order;
                held.RemoveAt(pick);
                continue;
            }

            int order = random.Next(10);
            if (dma.TryMap(new FrameNumber(0), order, DmaDirection.Bidirectional, out DeviceAddress address) != Errno.None)
            {
                continue;
            }

            ulong size = Page.Size << order;
            Assert.Equal(0UL, address.Value % size);
            Assert.True(address.Value >> Page.Shift >= rig.Memory.FrameCount);
            Assert.DoesNotContain(
                held,
                other => address.Value < other.Address.Value + (Page.Size << other.Order) && other.Address.Value < address.Value + size);
            held.Add((address, order));
            pages += 1L << order;
            Assert.Equal(pages, dma.MappedPages);
        }

        Assert.True(held.Count > 2);
        Assert.NotEqual(held.OrderBy(block => block.Address.Value), held);
        held.ForEach(block => dma.Unmap(block.Address, block.Order));
        Assert.Equal(0, dma.MappedPages);
    }

    [Fact]
    public void The_dma_limit_is_exact_and_wrong_unmaps_are_refused()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { DmaPages = 3 });
        IDmaMapper dma = rig.Gpu.DmaMapper;
        Assert.Equal(Errno.None, dma.TryMap(new FrameNumber(0), 1, DmaDirection.Bidirectional, out DeviceAddress pair));
        Assert.Equal(Errno.ENOMEM, dma.TryMap(new FrameNumber(0), 1, DmaDirection.Bidirectional, out _));
        Assert.Equal(Errno.None, dma.TryMap(new FrameNumber(0), 0, DmaDirection.Bidirectional, out DeviceAddress single));
        Assert.Equal(Errno.ENOMEM, dma.TryMap(new FrameNumber(0), 0, DmaDirection.Bidirectional, out _));
        Assert.Throws<ArgumentException>(() => dma.Unmap(pair, 0));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => dma.TryMap(new FrameNumber(rig.Memory.FrameCount), 0, DmaDirection.Bidirectional, out _));
        dma.Unmap(pair, 1);
        Assert.Throws<ArgumentException>(() => dma.Unmap(pair, 1));
        dma.Unmap(single, 0);
    }

    [Fact]
    public void Blocks_that_are_mapped_in_one_call_are_mapped_each_by_itself_or_not_at_all()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Seed = 4, DmaPages = 1600 });
        IDmaMapper dma = rig.Gpu.DmaMapper;
        foreach (int order in (int[])[0, 3, 9])
        {
            // More than a group of 512 pages holds, and some of a group that is in use.
            int count = 600 >> order == 0 ? 2 : 600 >> order;
            Assert.Equal(Errno.None, dma.TryMap(new FrameNumber(0), order, DmaDirection.Bidirectional, out DeviceAddress other));
            FrameNumber[] frames = [.. Enumerable.Range(0, count).Select(_ => new FrameNumber(0))];
            var addresses = new DeviceAddress[count];

            Assert.Equal(Errno.None, dma.TryMapAll(frames, order, DmaDirection.ToDevice, addresses));

            Assert.Equal((count + 1L) << order, dma.MappedPages);
            Assert.Equal(count + 1, addresses.Append(other).Distinct().Count());
            Assert.All(addresses, address => Assert.Equal(0UL, address.Value % (Page.Size << order)));
            Assert.Equal(Errno.ENOMEM, dma.TryMapAll(new FrameNumber[1600], order, DmaDirection.ToDevice, new DeviceAddress[1600]));
            Assert.Throws<ArgumentOutOfRangeException>(
                () => dma.TryMapAll([new FrameNumber(0), new FrameNumber(rig.Memory.FrameCount)], order, DmaDirection.ToDevice, new DeviceAddress[2]));
            Assert.Equal((count + 1L) << order, dma.MappedPages);
            Array.ForEach(addresses, address => dma.Unmap(address, order));
            dma.Unmap(other, order);
            Assert.Equal(0, dma.MappedPages);
        }
    }

    [Fact]
    public void Options_out_of_range_are_named_with_what_is_allowed()
    {
        using var memory = new SystemMemory(16);
        Check("Sms must be 1 to 128.", new SoftwareGpuOptions { Sms = 0 });
        Check("Sms must be 1 to 128.", new SoftwareGpuOptions { Sms = 129 });
        Check("WarpsPerSm must be 1 to 64.", new SoftwareGpuOptions { WarpsPerSm = 65 });
        Check("FaultBufferEntries must be 2 to 1048576.", new SoftwareGpuOptions { FaultBufferEntries = 1 });
        Check("LateValidPolls must be 0 to 2147483647.", new SoftwareGpuOptions { LateValidPolls = -1 });
        Check("Execution must be Sequential or Parallel.", new SoftwareGpuOptions { Execution = (ExecutionMode)9 });
        Check("VideoMemory must be at least 8 KiB.", new SoftwareGpuOptions { VideoMemory = 4096 });
        Check("FaultTimeout must be positive.", new SoftwareGpuOptions { FaultTimeout = TimeSpan.Zero });
        Check("DmaPages must be 1 to 67108864.", new SoftwareGpuOptions { DmaPages = 0 });

        void Check(string message, SoftwareGpuOptions options)
        {
            ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => new SoftwareGpu(memory, options));
            Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_instance_is_bound_once_and_can_be_bound_again_after_it_was_unbound()
    {
        using var rig = new TestRig();
        rig.Back(1);
        Assert.Equal(Errno.EEXIST, rig.Gpu.BindInstance(TestRig.Channel, rig.Space.Root));
        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base).ThrowIfFailed();
        rig.Gpu.UnbindInstance(TestRig.Channel);
        var report = new GpuFaultReport(TestRig.Base, FaultAccess.Read, "unbound", Errno.ENXIO);
        rig.Gpu.SetFaultInterrupt(() => rig.Gpu.Cancel(TestRig.Channel, report));
        Assert.Equal("unbound", rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base).Fault!.Reason);
        Assert.True(rig.Gpu.FaultBuffer.TryRead(rig.Gpu.FaultBuffer.Get, out FaultEntry entry));
        Assert.Equal(FaultType.UnboundInstanceBlock, entry.Type);
        Assert.Equal(Errno.None, rig.Gpu.BindInstance(TestRig.Channel, rig.Space.Root));
        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base).ThrowIfFailed();
        Assert.Equal((3, 2), (rig.Gpu.Counters.Accesses, rig.Gpu.Counters.FaultsReported));
    }
}
