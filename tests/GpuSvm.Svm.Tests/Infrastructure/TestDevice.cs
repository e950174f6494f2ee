namespace GpuSvm.Svm.Tests.Infrastructure;

/// <summary>A device's side of its memory: bytes, an allocator, a DMA mapper that is asked at every copy, and failures by order.</summary>
internal sealed class TestDevice(SystemMemory memory, ulong pages, FrameNumber? coherentAt = null) : IDeviceMemoryOperations, IDmaMapper
{
    private readonly byte[] _bytes = new byte[pages * Page.Size];
    private readonly BuddyAllocator _buddies = new(pages);
    private readonly Dictionary<ulong, FrameNumber> _mapped = [];
    private ulong _nextAddress = 0x10_0000_0000;

    public ulong PageCount => pages;

    public ulong FreePages => _buddies.FreePages;

    public long MappedPages => _mapped.Count;

    /// <summary>Notes nothing of drops and copies: noting allocates.</summary>
    public bool Quiet { get; set; }

    /// <summary>What the driver was told to drop.</summary>
    public List<AddressRange> Drops { get; } = [];

    /// <summary>Each copy with its direction: "to 16 pages, 10 copied".</summary>
    public List<string> Copies { get; } = [];

    /// <summary>Number of copies in all jobs, and of mappings for DMA.</summary>
    public int Commands { get; private set; }

    public int Maps { get; private set; }

    /// <summary>Number of blocks that were given back.</summary>
    public int Releases { get; private set; }

    /// <summary>Which call of a kind from now on fails, and which page that is copied, 1 for the next; 0 for none.</summary>
    public int FailMap { get; set; }

    public int FailCopy { get; set; }

    public int FailPopulate { get; set; }

    /// <summary>Done in the middle of a copy.</summary>
    public Action? DuringCopy { get; set; }

    /// <summary>Orders larger than this are refused.</summary>
    public int LargestOrder { get; set; } = 9;

    /// <summary>The frame behind an address of the device.</summary>
    public FrameNumber FrameAt(DeviceAddress address) => _mapped[address.Value];

    public Span<byte> Bytes(ulong page) => coherentAt is { } first ? memory.Frame(first + page) : _bytes.AsSpan((int)(page * Page.Size), (int)Page.Size);

    public Errno TryPopulate(int order, out ulong firstPage)
    {
        firstPage = 0;
        bool fails = FailPopulate > 0 && --FailPopulate == 0;
        return !fails && order <= LargestOrder && _buddies.TryAllocate(order, out firstPage) ? Errno.None : Errno.ENOMEM;
    }

    public void Release(ulong firstPage, int order)
    {
        Releases++;
        _buddies.Free(firstPage, order);
    }

    public Errno CopyToDevice(ReadOnlySpan<DeviceCopy> copies) => Copy("to", copies, static (device, system) => system.CopyTo(device));

    public Errno CopyToSystem(ReadOnlySpan<DeviceCopy> copies) => Copy("from", copies, static (device, system) => device.CopyTo(system));

    public void DropEntries(AddressSpace space, AddressRange range)
    {
        if (!Quiet)
        {
            Drops.Add(range);
        }
    }

    public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
    {
        address = new DeviceAddress(_nextAddress);
        if (FailMap > 0 && --FailMap == 0)
        {
            return Errno.ENOMEM;
        }

        Maps++;
        for (ulong i = 0; i < 1UL << order; i++)
        {
            _mapped.Add(_nextAddress, frame + i);
            _nextAddress += Page.Size;
        }

        return Errno.None;
    }

    public void Unmap(DeviceAddress address, int order)
    {
        for (ulong i = 0; i < 1UL << order; i++)
        {
            Assert.True(_mapped.Remove(address.Value + (i * Page.Size)));
        }
    }

    private delegate void Mover(Span<byte> device, Span<byte> system);

    private Errno Copy(string direction, ReadOnlySpan<DeviceCopy> copies, Mover move)
    {
        int total = 0;
        int copied = 0;
        DuringCopy?.Invoke();
        Commands += copies.Length;
        foreach (DeviceCopy copy in copies)
        {
            for (int i = 0; i < copy.Pages; i++, total++)
            {
                Span<byte> device = Bytes(copy.DevicePage + (ulong)i);
                if (copy.System is { } system)
                {
                    move(device, memory.Frame(_mapped[system.Value + ((ulong)i * Page.Size)]));
                    copied++;
                }
                else
                {
                    device.Clear();
                }

                if (FailCopy > 0 && --FailCopy == 0)
                {
                    return Errno.EIO;
                }
            }
        }

        if (!Quiet)
        {
            Copies.Add($"{direction} {total}, {copied} copied");
        }

        return Errno.None;
    }
}
