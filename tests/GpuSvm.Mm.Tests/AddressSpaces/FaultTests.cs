namespace GpuSvm.Mm.Tests;

public sealed class FaultTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Fact]
    public void A_page_that_is_only_read_shares_the_zero_page()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        Assert.Equal(0, m.Thread.Load<long>(Base));
        Assert.Equal(0, m.Thread.Load<long>(Base + Size));
        Assert.Equal(0, m.Frames.AllocatedFrames);
        Assert.Equal(CpuPte.Map(m.Frames.ZeroFrame, Protection.Read).Touched(CpuAccess.Read), m.Mm.PageTable.Read(Base));
    }

    [Fact]
    public void A_page_that_is_written_first_gets_a_frame_of_its_own()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        m.Thread.Store(Base + 8, 5L);
        CpuPte pte = m.Mm.PageTable.Read(Base);
        Assert.Equal(CpuPte.Map(pte.Frame, Protection.ReadWrite).Touched(CpuAccess.Write), pte);
        Assert.NotEqual(m.Frames.ZeroFrame, pte.Frame);
        Assert.Equal((1L, 1, 1), (m.Frames.AllocatedFrames, m.Frames.ReferenceCount(pte.Frame), m.Frames.MapCount(pte.Frame)));
    }

    [Fact]
    public void A_write_breaks_the_zero_page_for_every_thread_inside_an_invalidation()
    {
        using var m = new TestMachine();
        var log = new RecordingPlainNotifier("plain", []);
        m.Mm.Notifiers.AddPlain(log);
        m.MapAt(Base, 1);
        Assert.Equal(0, m.Cpu.Thread(1).Load<int>(Base));
        m.Cpu.Thread(0).Store(Base, 9);
        Assert.Equal(9, m.Cpu.Thread(1).Load<int>(Base));
        Assert.Equal(["plain start [0x10000, 0x11000) Clear", "plain end [0x10000, 0x11000) Clear"], log.Log);
        m.Mm.Notifiers.RemovePlain(log);
    }

    [Theory]
    [InlineData(Protection.None, false, false)]
    [InlineData(Protection.Read, true, false)]
    [InlineData(Protection.Write, true, true)]
    [InlineData(Protection.ReadWrite, true, true)]
    public void A_protection_allows_what_it_says(Protection protection, bool read, bool write)
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1, protection);
        Assert.Equal(read ? Errno.None : Errno.EFAULT, m.Mm.HandleFault(Base, CpuAccess.Read));
        Assert.Equal(write ? Errno.None : Errno.EFAULT, m.Mm.HandleFault(Base, CpuAccess.Write));
    }

    [Fact]
    public void A_fault_outside_every_mapping_is_EFAULT_and_names_address_and_access()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        SegmentationFaultException e = Assert.Throws<SegmentationFaultException>(() => m.Thread.Store<byte>(Base + Size + 3, 1));
        Assert.Equal((Base + Size + 3, CpuAccess.Write, Errno.EFAULT), (e.Address.Value, e.Access, e.Error));
        Assert.Equal(Errno.EFAULT, m.Mm.HandleFault(Base - 1, CpuAccess.Read));
        Assert.Throws<SegmentationFaultException>(() => m.Thread.Load<byte>(ulong.MaxValue));
    }

    [Fact]
    public void A_page_keeps_its_bytes_through_every_change_of_protection()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 77);
        FrameNumber frame = m.Mm.PageTable.Read(Base).Frame;

        Assert.Equal(Errno.None, m.Protect(Base, 1, Protection.None));
        Assert.True(m.Mm.PageTable.Read(Base).IsProtNone);
        Assert.Throws<SegmentationFaultException>(() => m.Thread.Load<int>(Base));

        Assert.Equal(Errno.None, m.Protect(Base, 1, Protection.Read));
        Assert.Equal(77, m.Thread.Load<int>(Base));
        Assert.Throws<SegmentationFaultException>(() => m.Thread.Store(Base, 1));

        Assert.Equal(Errno.None, m.Protect(Base, 1, Protection.ReadWrite));
        Assert.Equal(Protection.Read, m.Mm.PageTable.Read(Base).Rights);
        m.Thread.Store(Base, 78);
        Assert.Equal(78, m.Cpu.Thread(1).Load<int>(Base));
        Assert.Equal(frame, m.Mm.PageTable.Read(Base).Frame);
        Assert.Equal(1, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void The_zero_page_survives_a_change_of_protection_and_is_broken_by_the_next_write()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1, Protection.Read);
        Assert.Equal(0, m.Thread.Load<int>(Base));
        Assert.Equal(Errno.None, m.Protect(Base, 1, Protection.None));
        Assert.Equal(Errno.None, m.Protect(Base, 1, Protection.ReadWrite));
        Assert.Equal(0, m.Frames.AllocatedFrames);
        m.Thread.Store(Base, 3);
        Assert.Equal((3, 1L), (m.Thread.Load<int>(Base), m.Frames.AllocatedFrames));
        Assert.Equal(-1, m.Memory.Frame(m.Frames.ZeroFrame).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Unmapped_pages_give_frames_and_tables_back_and_read_as_zero_when_mapped_again()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1024);
        for (ulong i = 0; i < 1024; i++)
        {
            m.Thread.Store(Base + (i * Size), i + 1);
        }

        Assert.Equal(1024, m.Frames.AllocatedFrames);
        Assert.Equal(Errno.None, m.Unmap(Base, 1024));
        Assert.Equal(0, m.Frames.AllocatedFrames);
        Assert.Null(m.Mm.PageTable.Find(Base));
        m.MapAt(Base, 1024);
        for (ulong i = 0; i < 1024; i++)
        {
            Assert.Equal(0UL, m.Thread.Load<ulong>(Base + (i * Size)));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_gets_no_frame_goes_on_when_another_thread_has_served_the_same_page(bool readFirst)
    {
        bool armed = false;
        TestMachine? machine = null;
        bool Gate()
        {
            if (!armed)
            {
                return true;
            }

            // The last frame goes to the other thread while this one is on its way to it.
            armed = false;
            SvmThread.Start("other", () => machine!.Cpu.Thread(1).Store(Base, 7)).Join();
            return false;
        }

        using TestMachine m = machine = new TestMachine(gate: Gate);
        m.MapAt(Base, 1);
        Assert.Equal(0, readFirst ? m.Thread.Load<int>(Base) : 0);
        armed = true;
        m.Thread.Store(Base + 4, 8);
        Assert.Equal((7, 8, 1L), (m.Thread.Load<int>(Base), m.Thread.Load<int>(Base + 4), m.Frames.AllocatedFrames));
    }

    [Fact]
    public void Out_of_memory_is_an_error_value_and_leaves_the_page_as_it_was()
    {
        using var m = new TestMachine(limit: 1);
        m.MapAt(Base, 3);
        m.Thread.Store(Base, 1);
        Assert.Equal(0, m.Thread.Load<int>(Base + Size));
        CpuPte zero = m.Mm.PageTable.Read(Base + Size);

        Assert.Equal(Errno.ENOMEM, m.Mm.HandleFault(Base + Size, CpuAccess.Write));
        Assert.Equal(Errno.ENOMEM, m.Mm.HandleFault(Base + (2 * Size), CpuAccess.Write));
        Assert.Equal(Errno.ENOMEM, Assert.Throws<SvmException>(() => m.Thread.Store(Base + Size, 1)).Error);
        Assert.Equal(zero, m.Mm.PageTable.Read(Base + Size));
        Assert.True(m.Mm.PageTable.Read(Base + (2 * Size)).IsNone);
        Assert.Equal(1, m.Frames.AllocatedFrames);
        Assert.Equal(Errno.None, m.Unmap(Base, 1));
        m.Thread.Store(Base + Size, 1);
    }
}
