using System.Runtime.InteropServices;

namespace GpuSvm.Gpu.Tests;

/// <summary>Pages of data in the GPU's own memory, and what kernels do there.</summary>
public sealed class VideoPageTests
{
    private const TranslationRights All = TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic;

    [Fact]
    public void Tables_and_pages_come_from_one_pool_that_is_whole_again_afterwards()
    {
        using var memory = new VideoMemory(ByteSize.MiB(4));
        Assert.Equal(1024UL, memory.PageCount);
        Assert.Equal(Errno.None, memory.TryAllocate(32, 32, out ulong small));
        Assert.Equal(Errno.None, memory.TryAllocatePages(9, out ulong huge));
        Assert.Equal(512UL, huge);
        Assert.Equal(Errno.ENOMEM, memory.TryAllocatePages(9, out _));
        Assert.Equal((32, 512), (memory.AllocatedBytes, memory.AllocatedPages));
        memory.FreePages(huge + 256, 8);
        Assert.Equal(256, memory.AllocatedPages);
        Assert.Equal(Errno.None, memory.TryAllocate(4096, 4096, out ulong table));
        memory.Free(table, 4096);
        memory.Free(small, 32);
        memory.FreePages(huge, 8);
        Assert.Equal((0, 0), (memory.AllocatedBytes, memory.AllocatedPages));
        Assert.Equal(Errno.None, memory.TryAllocatePages(9, out _));
    }

    [Fact]
    public void A_page_that_was_used_is_poisoned_when_it_is_given_back()
    {
        using var memory = new VideoMemory(ByteSize.MiB(1));
        Assert.Equal(Errno.None, memory.TryAllocatePages(1, out ulong first));
        memory.Bytes(first << Page.Shift, 1)[0] = 7;
        memory.FreePages(first, 1);
        Assert.Equal(0xdb, memory.Bytes(first << Page.Shift, 4096)[4095]);
        Assert.Equal(0, memory.Bytes((first + 1) << Page.Shift, 4096)[4095]);
        Assert.Throws<ArgumentException>(() => memory.FreePages(first, 0));
    }

    [Theory]
    [InlineData(ExecutionMode.Sequential)]
    [InlineData(ExecutionMode.Parallel)]
    public void Kernels_load_store_and_add_atomically_in_video_memory(ExecutionMode mode)
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Execution = mode });
        ulong page = Map(rig, All);
        Word(rig, page) = 40;
        rig.Launch(Kernels.AtomicOne, 1, 64, TestRig.Base).ThrowIfFailed();
        Assert.Equal(104, Word(rig, page));
        rig.Launch(Kernels.StoreOne, 1, 1, TestRig.Base).ThrowIfFailed();
        Assert.Equal(0, rig.Gpu.Counters.FaultsReported);
        Assert.Equal(0, rig.Gpu.Counters.IommuFaults);
        Assert.Equal(0, rig.Gpu.DmaMapper.MappedPages);
        End(rig, page);
    }

    [Fact]
    public void Rights_count_in_video_memory_as_in_the_systems()
    {
        using var rig = new TestRig();
        ulong page = Map(rig, TranslationRights.Read);
        Assert.Equal(LaunchStatus.Faulted, rig.Launch(Kernels.StoreOne, 1, 1, TestRig.Base).Status);
        Assert.Equal(FaultType.ReadOnlyViolation, Assert.Single(rig.Faults).Type);
        rig.Faults.Clear();
        End(rig, page);
        page = Map(rig, TranslationRights.Read | TranslationRights.Write);
        Assert.Equal(LaunchStatus.Faulted, rig.Launch(Kernels.AtomicOne, 1, 1, TestRig.Base).Status);
        Assert.Equal(FaultType.AtomicViolation, Assert.Single(rig.Faults).Type);
        rig.Faults.Clear();
        End(rig, page);
    }

    [Fact]
    public void After_a_flush_no_access_reaches_a_page_of_video_memory_any_more()
    {
        using var rig = new TestRig();
        ulong page = Map(rig, All);
        rig.Launch(Kernels.StoreOne, 1, 1, TestRig.Base).ThrowIfFailed();
        End(rig, page);
        Assert.Equal(LaunchStatus.Faulted, rig.Launch(Kernels.StoreOne, 1, 1, TestRig.Base).Status);
        Assert.Equal(FaultType.Pde, Assert.Single(rig.Faults).Type);
        rig.Faults.Clear();
    }

    private static ulong Map(TestRig rig, TranslationRights rights)
    {
        Assert.Equal(Errno.None, rig.Gpu.VideoMemory.TryAllocatePages(0, out ulong page));
        PfnEntry[] pfns = [PfnEntry.VideoMemory(page << Page.Shift, rights)];
        Assert.Equal(Errno.None, rig.Space.PfnMap(Page.Shift, TestRig.Base, pfns));
        return page;
    }

    private static void End(TestRig rig, ulong page)
    {
        rig.Unmap(0, 1);
        rig.Gpu.VideoMemory.FreePages(page, 0);
    }

    private static ref long Word(TestRig rig, ulong page) =>
        ref MemoryMarshal.AsRef<long>(rig.Gpu.VideoMemory.Bytes(page << Page.Shift, sizeof(long)));
}
