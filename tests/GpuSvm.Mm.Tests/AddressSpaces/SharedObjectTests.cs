namespace GpuSvm.Mm.Tests;

/// <summary>A memory object that several mappings show, on CPUs with fixed frames: bytes live as long as one of them does.</summary>
public sealed class SharedObjectTests
{
    private const ulong Base = 0x100000;
    private const ulong Other = 0x200000;
    private const ulong Size = Page.Size;

    [Fact]
    public void A_page_that_only_another_mapping_shows_is_kept_without_an_entry()
    {
        using var m = new FixedFrameMachine();
        MemoryObject memory = m.Map(Base, 4);
        Assert.Equal(Errno.None, m.Mm.MapObject(Other, memory, 1, 2, Protection.ReadWrite));
        foreach (ulong page in (ulong[])[0, 1, 2, 3])
        {
            Assert.Equal(Errno.None, m.Cpu.Store(Base + (page * Size), (byte)(page + 5)));
        }

        m.Heard();
        Assert.Equal(Errno.None, m.Mm.Unmap(Base, 4 * Size));
        Assert.Equal(
            [
                $"detach [0x100000, 0x101000) {memory.FirstFrame}", $"detach [0x103000, 0x104000) {memory.FirstFrame + 3}",
                "leave [0x101000, 0x103000)", "wake [0x100000, 0x104000)",
            ],
            m.Heard());
        Assert.Equal((2, 2L, 2UL), (memory.KeptPages, m.Frames.AllocatedFrames, memory.MappedPages));
        Assert.Equal(6, m.Cpu.Load(Other));
        Assert.Equal((1, 1, 1), (memory.KeptPages, m.Frames.ReferenceCount(memory.FirstFrame + 1), m.Frames.MapCount(memory.FirstFrame + 1)));
        Assert.Equal(Errno.None, m.Mm.Discard(Other + Size, Size));
        Assert.Equal((0, 1L, 0), (memory.KeptPages, m.Frames.AllocatedFrames, m.Cpu.Load(Other + Size)));
        Assert.Equal(Errno.None, m.Mm.Unmap(Other, 2 * Size));
        Assert.Equal((0L, 0UL), (m.Frames.AllocatedFrames, memory.MappedPages));
        m.Frames.Release(memory);
    }

    /// <summary>Its bytes would be kept aside while the other address still stores to them.</summary>
    [Fact]
    public void Pages_that_another_mapping_shows_are_not_revoked()
    {
        using var m = new FixedFrameMachine();
        MemoryObject memory = m.Map(Base, 2);
        Assert.Equal(Errno.None, m.Mm.MapObject(Other, memory, Protection.ReadWrite));
        Assert.Equal(Errno.None, m.Cpu.Store(Base, 5));
        m.Heard();
        Assert.Equal(Errno.None, m.Mm.Protect(Base, 2 * Size, Protection.None));
        Assert.Equal(["protect [0x100000, 0x101000)"], m.Heard());
        Assert.True(m.Mm.PageTable.Read(Base).IsProtNone);
        Assert.Equal(Errno.None, m.Cpu.Store(Other, 6));
        Assert.Equal(Errno.None, m.Mm.Protect(Base, 2 * Size, Protection.ReadWrite));
        Assert.Equal((6, 6), (m.Cpu.Load(Base), m.Cpu.Load(Other)));
        Assert.Equal(Errno.None, m.Mm.Unmap(Base, 2 * Size));
        Assert.Equal(Errno.None, m.Mm.Unmap(Other, 2 * Size));
    }

    [Fact]
    public void A_kept_page_is_freed_with_the_last_mapping_that_shows_it()
    {
        using var m = new FixedFrameMachine();
        MemoryObject memory = m.Map(Base, 2);
        Assert.Equal(Errno.None, m.Mm.MapObject(Other, memory, Protection.ReadWrite));
        Assert.Equal(Errno.None, m.Cpu.Store(Base, 5));
        Assert.Equal(Errno.None, m.Mm.Unmap(Base, 2 * Size));
        Assert.Equal((1, 1L), (memory.KeptPages, m.Frames.AllocatedFrames));
        m.Heard();
        Assert.Equal(Errno.None, m.Mm.Unmap(Other, Size));
        Assert.Equal([$"detach [0x200000, 0x201000) {memory.FirstFrame}", "wake [0x200000, 0x201000)"], m.Heard().Order());
        Assert.Equal((0, 0L, 1UL), (memory.KeptPages, m.Frames.AllocatedFrames, memory.MappedPages));
    }

    [Fact]
    public void Pages_that_move_and_stay_mapped_have_one_entry_and_two_addresses()
    {
        using var m = new FixedFrameMachine();
        MemoryObject memory = m.Map(Base, 2);
        Assert.Equal(Errno.None, m.Cpu.Store(Base, 5));
        Assert.Equal(Errno.None, m.Mm.Remap(Base, 2 * Size, 2 * Size, RemapFlags.MayMove | RemapFlags.Fixed | RemapFlags.DontUnmap, Other, out _));
        Assert.True(m.Mm.PageTable.Read(Base).IsNone);
        Assert.Equal((5, 5), (m.Cpu.Load(Other), m.Cpu.Load(Base)));
        Assert.Equal((2, 2, 4UL), (m.Frames.ReferenceCount(memory.FirstFrame), m.Frames.MapCount(memory.FirstFrame), memory.MappedPages));
        Assert.Equal(Errno.None, m.Mm.Unmap(Other, 2 * Size));
        Assert.Equal((5, 0), (m.Cpu.Load(Base), memory.KeptPages));
    }

    [Fact]
    public void A_child_has_the_entries_of_its_parent_from_the_start_and_what_the_parent_unmaps()
    {
        using var m = new FixedFrameMachine();
        MemoryObject memory = m.Map(Base, 3);
        Assert.Equal((Errno.None, Errno.None), (m.Cpu.Store(Base, 5), m.Cpu.Store(Base + Size, 6)));
        Assert.Equal(Errno.None, m.Mm.WriteProtect(Base + Size, Size));
        FixedFrameCpu cpu = m.NewCpu();
        Assert.Equal(Errno.None, m.Mm.TryFork(cpu, null, out AddressSpace? child));
        using AddressSpace mm = child!;
        Assert.Equal((Protection.ReadWrite, Protection.Read), (mm.PageTable.Read(Base).Rights, mm.PageTable.Read(Base + Size).Rights));
        Assert.Equal((2, 2, 6UL), (m.Frames.ReferenceCount(memory.FirstFrame), m.Frames.MapCount(memory.FirstFrame), memory.MappedPages));

        Assert.Equal(Errno.None, m.Cpu.Store(Base + (2 * Size), 7));
        Assert.Equal(Errno.None, m.Mm.Unmap(Base, 3 * Size));
        Assert.Equal((1, 3L), (memory.KeptPages, m.Frames.AllocatedFrames));
        Assert.Equal((5, 6, 7), (cpu.Load(Base), cpu.Load(Base + Size), cpu.Load(Base + (2 * Size))));
        mm.Exit();
        Assert.Equal((0L, 0UL), (m.Frames.AllocatedFrames, memory.MappedPages));
        m.Frames.Release(memory);
    }

    [Fact]
    public void A_child_needs_a_CPU_of_the_same_kind()
    {
        using var m = new FixedFrameMachine();
        Assert.Equal(Errno.EOPNOTSUPP, m.Mm.TryFork(new SimulatedCpu(m.Memory, 1), null, out AddressSpace? child));
        Assert.Null(child);
    }

    [Fact]
    public void A_page_that_lives_in_a_device_comes_home_before_one_of_its_mappings_goes()
    {
        using var m = new TestMachine(pooled: 3000);
        Assert.Equal(Errno.None, m.Frames.TryReserve(2, out MemoryObject? memory));
        Assert.Equal(Errno.None, m.Mm.MapObject(Base, memory!, Protection.ReadWrite));
        Assert.Equal(Errno.None, m.Mm.MapObject(Other, memory!, Protection.ReadWrite));
        m.Thread.Store(Base, 42UL);
        var device = new TestDevice(m.Frames, pages: 1);
        Assert.Equal((Errno.None, 1), device.MoveIn(m.Mm, Base, 1));
        Assert.Equal(Errno.None, m.Mm.Unmap(Base, 2 * Size));
        Assert.Equal((1, 0L, 1), (device.Faults.Count, device.Pagemap.UsedFrames, memory!.KeptPages));
        Assert.Equal(42UL, m.Thread.Load<ulong>(Other));
    }
}
