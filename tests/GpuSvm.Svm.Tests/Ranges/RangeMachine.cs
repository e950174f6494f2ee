namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>A process, and a device that mirrors it by ranges. Nothing of either is left on disposal.</summary>
internal sealed class RangeMachine : IDisposable
{
    private readonly TestMachine _machine;

    public RangeMachine(SvmSpaceOptions? options = null, AddressSpaceOptions? space = null, DevicePageKind kind = DevicePageKind.Private)
    {
        _machine = new TestMachine(space: space, kind: kind);
        Dma = new RangeDma(_machine.Device, Driver);
        options = (options ?? new SvmSpaceOptions()) with { Memory = _machine.Memory, AllocationGate = () => Gate?.Invoke() ?? true };
        Assert.Equal(Errno.None, SvmSpace.TryCreate(_machine.Mm, Dma, Driver, options, out SvmSpace? made));
        Space = made!;
    }

    public static AddressRange Everything => new(0UL, 1UL << 47);

    public SvmSpace Space { get; }

    public RangeDriver Driver { get; } = new();

    public RangeDma Dma { get; }

    public TestMachine Process => _machine;

    public AddressSpace Mm => _machine.Mm;

    /// <summary>Asked before the space allocates.</summary>
    public Func<bool>? Gate { get; set; }

    /// <summary>Ranges, notifiers of the space, notifiers of the address space, what the driver keeps, pages mapped for DMA.</summary>
    public (int Ranges, int Notifiers, int Intervals, int Kept, long Mapped) State =>
        (Space.RangeCount, Space.NotifierCount, Mm.Notifiers.Count, Driver.Kept, Dma.MappedPages);

    public static SvmContext Write => default;

    public static SvmContext Read => new() { IsReadOnly = true };

    public static ulong At(int page) => TestMachine.AddressOf(page);

    public static AddressRange Pages(int first, int count) => TestMachine.Pages(first, count);

    public void Unmap(int first, int count) => Assert.Equal(Errno.None, Mm.Unmap(At(first), (ulong)count * Page.Size));

    public void Protect(int first, int count, Protection protection) =>
        Assert.Equal(Errno.None, Mm.Protect(At(first), (ulong)count * Page.Size, protection));

    public Errno Find(int page, out SvmRange? range, SvmContext context = default) =>
        Space.FindOrInsert(At(page), Everything, context, out range);

    public SvmRange Range(int page, SvmContext context = default)
    {
        Assert.Equal(Errno.None, Find(page, out SvmRange? range, context));
        return range!;
    }

    /// <summary>A range with its pages.</summary>
    public SvmRange Got(int page, SvmContext context = default)
    {
        SvmRange range = Range(page, context);
        Assert.Equal(Errno.None, Space.GetPages(range, context));
        return range;
    }

    /// <summary>A range whose pages the device has entries for.</summary>
    public SvmRange Bound(int page, SvmContext context = default)
    {
        SvmRange range = Got(page, context);
        Assert.True(Driver.Bind(Space, range, context.Rights));
        return range;
    }

    public bool AreValid(SvmRange range, Protection rights = Protection.ReadWrite)
    {
        using (Space.NotifierLock.Enter())
        {
            return Space.ArePagesValid(range, rights);
        }
    }

    /// <summary>The blocks: a letter for where and their order: "s9" for 2 MiB in system memory, "d0" for a page of the device.</summary>
    public string Blocks(SvmRange range)
    {
        using (Space.NotifierLock.Enter())
        {
            return string.Join(' ', range.Blocks.ToArray().Select(block => (block.System is null ? "d" : "s") + block.Order));
        }
    }

    /// <summary>Rights of the pages that are mapped, by their numbers in the process.</summary>
    public Dictionary<int, Protection> Valid(SvmRange range)
    {
        Dictionary<int, Protection> valid = [];
        int first = (int)((range.Range.Start - At(0)) / Page.Size);
        using (Space.NotifierLock.Enter())
        {
            foreach (MappedBlock block in range.Blocks)
            {
                Assert.True(block.IsCurrent);
                for (int i = 0; i < block.PageCount; i++)
                {
                    valid.Add(first + block.FirstPage + i, block.Rights);
                }
            }
        }

        return valid;
    }

    /// <summary>The frame that the device reaches at each page of a range with valid pages; none for pages of its own memory.</summary>
    public List<FrameNumber?> Frames(SvmRange range)
    {
        List<FrameNumber?> frames = [];
        using (Space.NotifierLock.Enter())
        {
            foreach (MappedBlock block in range.Blocks)
            {
                for (ulong i = 0; i < (ulong)block.PageCount; i++)
                {
                    DeviceAddress? address = block.System is { } start ? new DeviceAddress(start.Value + (i * Page.Size)) : null;
                    frames.Add(address is { } there ? _machine.Device.FrameAt(there) : null);
                }
            }
        }

        return frames;
    }

    public void Dispose()
    {
        Space.Dispose();
        Assert.Equal((0, 0, 0, 0, 0L), State);
        _machine.Dispose();
    }
}
