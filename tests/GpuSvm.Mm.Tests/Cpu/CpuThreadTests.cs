namespace GpuSvm.Mm.Tests;

public sealed class CpuThreadTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Fact]
    public void Values_of_every_size_are_stored_and_loaded()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store<byte>(Base + 1, 0x11);
        m.Thread.Store<ushort>(Base + 2, 0x2222);
        m.Thread.Store(Base + 4, 0x33333333);
        m.Thread.Store(Base + 8, 0x4444444444444444L);
        m.Thread.Store(Base + 16, 1.5f);
        Assert.Equal(0x3333333322221100L, m.Thread.Load<long>(Base));
        Assert.Equal(0x4444444444444444L, m.Cpu.Thread(1).Load<long>(Base + 8));
        Assert.Equal(1.5f, m.Thread.Load<float>(Base + 16));
    }

    [Fact]
    public void Misaligned_values_are_split_also_across_pages()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        m.Thread.Store(Base + 3, 0x0102030405060708L);
        m.Thread.Store(Base + Size - 3, 0x1112131415161718L);
        Assert.Equal(0x0102030405060708L, m.Thread.Load<long>(Base + 3));
        Assert.Equal(0x1112131415161718L, m.Thread.Load<long>(Base + Size - 3));
        Assert.Equal(0x15, m.Thread.Load<byte>(Base + Size));
        Assert.Equal(2, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void Compare_exchange_stores_only_over_what_is_expected_and_must_be_aligned()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        Assert.Equal(0, m.Thread.CompareExchange(Base, 0, 5));
        Assert.Equal(5, m.Thread.CompareExchange(Base, 0, 6));
        Assert.Equal(5, m.Thread.Load<int>(Base));
        Assert.Throws<ArgumentException>(() => m.Thread.CompareExchange(Base + 2, 0, 1));
        Assert.Throws<ArgumentException>(() => m.Thread.Load<Guid>(Base));
        m.Protect(Base, 1, Protection.Read);
        Assert.Throws<SegmentationFaultException>(() => m.Thread.CompareExchange(Base, 5, 6));
    }

    [Fact]
    public void Compare_exchange_is_atomic_between_threads()
    {
        using var m = new TestMachine(threads: 3);
        m.MapAt(Base, 1);
        SvmThread[] threads =
        [
            .. Enumerable.Range(0, 3).Select(i => SvmThread.Start($"adder {i}", () =>
            {
                CpuThread cpu = m.Cpu.Thread(i);
                for (int round = 0; round < 5000; round++)
                {
                    long seen = cpu.Load<long>(Base);
                    for (long was; (was = cpu.CompareExchange(Base, seen, seen + 1)) != seen; seen = was)
                    {
                    }
                }
            })),
        ];
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(15000, m.Thread.Load<long>(Base));
    }

    [Fact]
    public void Blocks_of_bytes_cross_pages_and_stop_at_the_first_that_faults()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 3);
        byte[] bytes = [.. Enumerable.Range(0, 9000).Select(i => (byte)(i % 251))];
        m.Thread.Write(Base + 100, bytes);
        byte[] back = new byte[9000];
        m.Thread.Read(Base + 100, back);
        Assert.Equal(bytes, back);

        SegmentationFaultException e = Assert.Throws<SegmentationFaultException>(() => m.Thread.Write(Base + (2 * Size), new byte[4097]));
        Assert.Equal(Base + (3 * Size), e.Address.Value);
        m.Thread.Read(Base + 100, back);
        Assert.Equal(bytes[..8092], back[..8092]);
        Assert.Equal(new byte[908], back[8092..]);
    }

    [Fact]
    public void Reads_and_writes_leave_accessed_and_dirty_in_the_entry()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 1);
        CpuPte pte = m.Mm.PageTable.Read(Base);
        Assert.True(pte.IsAccessed && pte.IsDirty);
        m.Protect(Base, 1, Protection.Read);
        m.Protect(Base, 1, Protection.ReadWrite);
        Assert.Equal(pte.WithRights(Protection.Read), m.Mm.PageTable.Read(Base));
    }

    [Fact]
    public void A_write_through_a_clean_entry_sets_the_dirty_bit_though_the_page_was_read_before()
    {
        using var memory = new SystemMemory(16);
        var table = new CpuPageTable();
        CpuLeaf leaf = table.GetOrAdd(Base);
        using (leaf.Lock.Enter())
        {
            leaf.Enter(Base, CpuPte.Map(new FrameNumber(3), Protection.ReadWrite));
        }

        var cpu = new SimulatedCpu(memory, 1);
        cpu.Attach(new NoFaults(), table);
        cpu.Thread(0).Load<int>(Base);
        Assert.Equal((true, false), (table.Read(Base).IsAccessed, table.Read(Base).IsDirty));
        cpu.Thread(0).Store(Base, 1);
        Assert.True(table.Read(Base).IsDirty);
        Assert.Throws<InvalidOperationException>(() => cpu.Attach(new NoFaults(), table));
        Assert.Throws<InvalidOperationException>(() => new SimulatedCpu(memory, 1).Thread(0).Load<int>(Base));
    }

    [Fact]
    public void A_warm_access_allocates_nothing()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        byte[] block = new byte[256];
        Touch(m.Thread, block);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Touch(m.Thread, block);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_flush_is_seen_by_every_thread_that_has_a_translation()
    {
        using var m = new TestMachine(threads: 3);
        m.MapAt(Base, 1);
        m.Cpu.Thread(0).Store(Base, 1);
        Assert.Equal(1, m.Cpu.Thread(1).Load<int>(Base));
        m.Protect(Base, 1, Protection.Read);
        Assert.Throws<SegmentationFaultException>(() => m.Cpu.Thread(0).Store(Base, 2));
        m.Unmap(Base, 1);
        Assert.Throws<SegmentationFaultException>(() => m.Cpu.Thread(1).Load<int>(Base));
        Assert.Throws<SegmentationFaultException>(() => m.Cpu.Thread(0).Load<int>(Base));
    }

    private static void Touch(CpuThread cpu, byte[] block)
    {
        cpu.Store(Base, cpu.Load<int>(Base) + 1);
        cpu.CompareExchange(Base + 8, 0L, 1L);
        cpu.Write(Base + 64, block);
        cpu.Read(Base + 64, block);
    }

    private sealed class NoFaults : ICpuFaultHandler
    {
        public Errno HandleFault(VirtualAddress address, CpuAccess access) => Errno.EFAULT;
    }
}
