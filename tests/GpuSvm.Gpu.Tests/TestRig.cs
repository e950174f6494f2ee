namespace GpuSvm.Gpu.Tests;

/// <summary>A GPU with one address space, and a driver of a few lines that serves its faults from a dictionary.</summary>
internal sealed partial class TestRig : IDisposable
{
    internal const ulong Base = 0x7f00_0000_0000;
    private const ulong FrameCount = 8192;

    private readonly RankedLock _lock = new(LockRank.DriverSvm);
    private readonly Dictionary<ulong, PfnEntry> _backing = [];
    private readonly WorkQueue? _queue;
    private bool _held;

    internal TestRig(SoftwareGpuOptions? options = null)
    {
        Memory = new SystemMemory(FrameCount);
        Gpu = new SoftwareGpu(Memory, options ?? new SoftwareGpuOptions { Seed = 1, Sms = 1 });
        Assert.Equal(Errno.None, GpuAddressSpace.TryCreate(Gpu.PageTableMemory, Gpu.DmaMapper, Gpu, out GpuAddressSpace? space));
        Space = space!;
        Assert.Equal(Errno.None, Gpu.BindInstance(Channel, Space.Root));
        if (options?.Execution == ExecutionMode.Parallel)
        {
            _queue = new WorkQueue("test driver");
            var item = new WorkItem(Service);
            Gpu.SetFaultInterrupt(() => _queue.Enqueue(item));
        }
        else
        {
            Gpu.SetFaultInterrupt(Service);
        }
    }

    internal static InstancePointer Channel => new(0x1000);

    internal SystemMemory Memory { get; }

    internal SoftwareGpu Gpu { get; }

    internal GpuAddressSpace Space { get; }

    internal List<FaultEntry> Faults { get; } = [];

    internal int Interrupts { get; private set; }

    /// <summary>Says which frames lie behind pages from <see cref="Base"/> on; they are mapped on fault.</summary>
    internal void Back(int pages, TranslationRights rights = TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic)
    {
        for (int i = 0; i < pages; i++)
        {
            _backing[Base + ((ulong)i << Page.Shift)] = PfnEntry.Host(FrameOf(i), rights);
        }
    }

    internal void Map(int pages, TranslationRights rights = TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic)
    {
        PfnEntry[] pfns = [.. Enumerable.Range(0, pages).Select(i => PfnEntry.Host(FrameOf(i), rights))];
        Assert.Equal(Errno.None, Space.PfnMap(Page.Shift, Base, pfns));
    }

    internal void Unmap(int firstPage, int pages)
    {
        var range = AddressRange.FromLength(Base + ((ulong)firstPage << Page.Shift), (ulong)pages << Page.Shift);
        Assert.Equal(Errno.None, Space.PfnUnmap(range));
    }

    internal static FrameNumber FrameOf(int page) => new(FrameCount - 1 - (ulong)page);

    internal ref T Word<T>(ulong address)
        where T : unmanaged
    {
        ulong offset = address - Base;
        Span<byte> frame = Memory.Frame(FrameOf((int)(offset >> Page.Shift)));
        return ref System.Runtime.InteropServices.MemoryMarshal.AsRef<T>(frame[(int)(offset & Page.OffsetMask)..]);
    }

    internal LaunchResult Launch<TArgs>(GpuKernel<TArgs> kernel, int grid, int block, TArgs args)
        where TArgs : unmanaged
        => Gpu.LaunchAsync(Channel, kernel, grid, block, args).GetAwaiter().GetResult();

    /// <summary>Leaves faults in the ring until <see cref="LetGo"/>.</summary>
    internal void Hold()
    {
        using RankedLock.Scope scope = _lock.Enter();
        _held = true;
    }

    internal void LetGo()
    {
        using (_lock.Enter())
        {
            _held = false;
        }

        Service();
    }

    /// <summary>Serves every fault in the ring, then replays once.</summary>
    internal void Service()
    {
        using RankedLock.Scope scope = _lock.Enter();
        if (_held)
        {
            return;
        }

        Interrupts++;
        IFaultBuffer buffer = Gpu.FaultBuffer;
        bool resolved = false;
        buffer.ClearOverflow();
        while (buffer.Get != buffer.Put)
        {
            int get = buffer.Get;
            FaultEntry entry;
            while (!buffer.TryRead(get, out entry))
            {
                Thread.Yield();
            }

            buffer.MarkInvalid(get);
            buffer.WriteGet(get + 1 == buffer.EntryCount ? 0 : get + 1);
            Faults.Add(entry);
            resolved |= Serve(entry);
        }

        if (resolved)
        {
            Gpu.Replay();
        }
    }

    public void Dispose()
    {
        Gpu.SetFaultInterrupt(null);
        _queue?.Dispose();
        Gpu.UnbindInstance(Channel);
        Space.Dispose();
        Assert.Equal(0, Gpu.DmaMapper.MappedPages);
        Assert.Equal(0, Gpu.VideoMemory.AllocatedBytes);
        Gpu.Dispose();
        Memory.Dispose();
    }

    private bool Serve(in FaultEntry entry)
    {
        ulong page = Page.AlignDown(entry.Address.Value);
        TranslationRights needed = entry.Access switch
        {
            FaultAccess.Read or FaultAccess.Prefetch => TranslationRights.Read,
            FaultAccess.Write => TranslationRights.Write,
            _ => TranslationRights.Atomic,
        };
        if (entry.Instance == Channel && _backing.TryGetValue(page, out PfnEntry pfn) && (pfn.Rights & needed) == needed)
        {
            PfnEntry[] pfns = [pfn];
            Assert.Equal(Errno.None, Space.PfnMap(Page.Shift, page, pfns));
            return true;
        }

        if (entry.Access == FaultAccess.Prefetch)
        {
            return false;
        }

        Gpu.CancelFault(entry, new GpuFaultReport(entry.Address, entry.Access, "the test's driver knows no page there", Errno.EFAULT));
        return false;
    }
}
