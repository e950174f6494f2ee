using GpuSvm.Core;
using GpuSvm.Mm;
using GpuSvm.Svm;

namespace GpuSvm.Cli.Bench.Evict;

/// <summary>A process, and a device's memory into which nothing is copied: what is left is the order in which pages come and leave.</summary>
internal sealed class BenchMemory : IDeviceMemoryOperations, IDmaMapper, IDisposable
{
    private const ulong Base = 0x10_0000_0000;

    private readonly BuddyAllocator _pages;
    private readonly SystemMemory _memory;
    private readonly PageFrames _frames;
    private readonly AddressSpace _space;

    /// <summary>Makes a memory that holds some blocks, and maps more.</summary>
    /// <param name="fits">Blocks that fit: of one page each.</param>
    /// <param name="blocks">Blocks that are mapped.</param>
    /// <param name="eviction">Makes the policy; null for none.</param>
    public BenchMemory(int fits, int blocks, Func<IEvictionPolicy>? eviction)
    {
        _pages = new BuddyAllocator((ulong)fits);
        _memory = new SystemMemory((ulong)blocks + 64);
        _frames = new PageFrames(_memory, new PageFramesOptions());
        _space = new AddressSpace(_frames, new SimulatedCpu(_memory, 1), new AddressSpaceOptions { HugePages = HugePagePolicy.Never });
        Demand(_space.Map(Base, (ulong)blocks * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
        Demand(DeviceMemory.TryCreate(_frames, this, this, new DeviceMemoryOptions { Eviction = eviction }, out DeviceMemory? memory));
        Memory = memory!;
    }

    /// <summary>The memory.</summary>
    public DeviceMemory Memory { get; }

    /// <inheritdoc/>
    public ulong PageCount => _pages.PageCount;

    /// <inheritdoc/>
    public long MappedPages => 0;

    /// <summary>Address of a block.</summary>
    public static VirtualAddress AddressOf(int block) => Base + ((ulong)block * Page.Size);

    /// <summary>Uses a block as a GPU does: it comes if it is not there, and is reported as used if it is.</summary>
    /// <returns>True if it came.</returns>
    public bool Use(int block)
    {
        CpuPte pte = _space.PageTable.Read(AddressOf(block));
        if (pte.IsDevicePrivate)
        {
            Memory.Touched(pte.Frame);
            return false;
        }

        DeviceMigrationResult result = Memory.MigrateToDevice(_space, AddressRange.PageAt(AddressOf(block)));
        Demand(result.Error);
        return result.Pages == 1;
    }

    /// <inheritdoc/>
    public Errno TryPopulate(int order, out ulong firstPage) => _pages.TryAllocate(order, out firstPage) ? Errno.None : Errno.ENOMEM;

    /// <inheritdoc/>
    public void Release(ulong firstPage, int order) => _pages.Free(firstPage, order);

    /// <inheritdoc/>
    public Errno CopyToDevice(ReadOnlySpan<DeviceCopy> copies) => Errno.None;

    /// <inheritdoc/>
    public Errno CopyToSystem(ReadOnlySpan<DeviceCopy> copies) => Errno.None;

    /// <inheritdoc/>
    public void DropEntries(AddressSpace space, AddressRange range)
    {
    }

    /// <inheritdoc/>
    public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
    {
        address = new DeviceAddress(frame.Value * Page.Size);
        return Errno.None;
    }

    /// <inheritdoc/>
    public void Unmap(DeviceAddress address, int order)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _space.Dispose();
        Memory.Dispose();
        _frames.Dispose();
        _memory.Dispose();
    }

    private static void Demand(Errno error)
    {
        if (error != Errno.None)
        {
            throw new InvalidOperationException($"A step of the benchmark ended with {error}.");
        }
    }
}
