namespace GpuSvm.Mm;

/// <summary>The memory of one simulated or live process: what is mapped where, and who hears of changes.</summary>
/// <remarks>
/// <para>
/// Changes follow one order: with the mmap lock held exclusively the call is checked, an invalidation is opened, the CPU's table is
/// changed, the CPU's translations are flushed, frames are freed, the invalidation is closed. A call that fails has changed nothing.
/// </para>
/// <para>
/// Locking: public methods may be called by any thread that holds no lock from the mmap lock on, unless they say otherwise.
/// Source: Linux mm/mmap.c, mm/vma.c, mm/mprotect.c, mm/memory.c.
/// </para>
/// </remarks>
public sealed partial class AddressSpace : ICpuFaultHandler, IDisposable
{
    private readonly PageFrames _frames;
    private readonly ICpu _cpu;
    private readonly AddressSpaceOptions _options;
    private readonly VmaList _vmas = new();
    private readonly CpuPageTable _table = new();
    private readonly PageZap _zap;
    private readonly AddressRange _placement;
    private readonly int _id;
    private bool _exited;

    /// <summary>Makes an address space without mappings, and connects the CPU with it.</summary>
    /// <param name="frames">Where pages come from.</param>
    /// <param name="cpu">The CPU that runs in this address space, and in no other.</param>
    /// <param name="options">Shape and limits.</param>
    /// <exception cref="ArgumentException">The window is unaligned, empty, or reaches beyond 48 bits.</exception>
    public AddressSpace(PageFrames frames, ICpu cpu, AddressSpaceOptions options)
        : this(options, frames, cpu) => cpu.Attach(this, _table);

    /// <summary>Makes one whose CPU is still to be connected with it.</summary>
    private AddressSpace(AddressSpaceOptions options, PageFrames frames, ICpu cpu)
    {
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentNullException.ThrowIfNull(cpu);
        ArgumentNullException.ThrowIfNull(options);
        AddressRange window = options.Window;
        if (!window.IsPageAligned || window.IsEmpty || window.End > CpuPageTable.AddressLimit)
        {
            throw new ArgumentException($"The window {window} is not made of whole pages below 2^48.", nameof(options));
        }

        _frames = frames;
        _cpu = cpu;
        _options = options;
        _id = frames.Register(this);
        _zap = new PageZap(_vmas, _table, frames, cpu, _id, options.Clock);
        _placement = new AddressRange(window.Start, window.End - RandomGap(options));
    }

    /// <summary>Guards mappings: shared for faults and look-ups, exclusive for changes. Rank <see cref="LockRank.Mmap"/>.</summary>
    public RankedSharedLock MmapLock { get; } = new(LockRank.Mmap);

    /// <summary>Who hears of changes.</summary>
    public IntervalNotifiers Notifiers { get; } = new();

    /// <summary>Clock of the deadlines that users of the address space set.</summary>
    public Clock Clock => _options.Clock;

    /// <summary>Where pages come from.</summary>
    public PageFrames Frames => _frames;

    /// <summary>The CPU's page table, to look at.</summary>
    public CpuPageTable PageTable => _table;

    /// <summary>Number of mappings.</summary>
    public int VmaCount
    {
        get
        {
            using (MmapLock.EnterShared())
            {
                return _vmas.Count;
            }
        }
    }

    /// <summary>The mappings at this moment, in order of address.</summary>
    public IReadOnlyList<Vma> Vmas()
    {
        using (MmapLock.EnterShared())
        {
            return [.. _vmas.Items];
        }
    }

    /// <summary>The CPU.</summary>
    internal ICpu Cpu => _cpu;

    /// <summary>The mapping that holds an address, or null.</summary>
    /// <remarks>Locking: the mmap lock is held, shared or exclusively.</remarks>
    public Vma? VmaAt(VirtualAddress address)
    {
        MmapLock.AssertHeld();
        return _vmas.At(address);
    }

    /// <summary>The first mapping that ends above an address, or null.</summary>
    /// <remarks>Locking: the mmap lock is held, shared or exclusively. Source: Linux find_vma.</remarks>
    public Vma? NextVma(VirtualAddress address)
    {
        MmapLock.AssertHeld();
        return _vmas.Next(address);
    }

    /// <summary>Unmaps every page of a range; what is not mapped there is left out.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="lengthBytes">Rounded up to whole pages.</param>
    /// <returns>EINVAL: unaligned, length 0, or beyond the window's end. ENOMEM: a split makes too many mappings.</returns>
    public Errno Unmap(VirtualAddress address, ulong lengthBytes) => Unmap(address, lengthBytes, static () => Errno.None);

    /// <summary>As <see cref="Unmap(VirtualAddress, ulong)"/>, after something that nobody may come between.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="lengthBytes">Rounded up to whole pages.</param>
    /// <param name="before">Called with the mmap lock held exclusively; what it answers but None is this call's answer, and nothing is unmapped.</param>
    /// <returns>As there.</returns>
    public Errno Unmap(VirtualAddress address, ulong lengthBytes, Func<Errno> before)
    {
        ArgumentNullException.ThrowIfNull(before);
        ulong limit = _options.Window.End;
        if (!Page.IsAligned(address) || address > limit || lengthBytes > limit - address.Value || lengthBytes == 0)
        {
            return Errno.EINVAL;
        }

        AddressRange range = AddressRange.FromLength(address, Page.Count(lengthBytes) * Page.Size);
        using (MmapLock.EnterExclusive())
        {
            VmaList.Plan plan = _vmas.PrepareUnmap(range);
            if (_vmas.CountAfter(plan) > _options.VmaLimit)
            {
                return Errno.ENOMEM;
            }

            Errno error = before();
            if (error == Errno.None && _vmas.Overlaps(range))
            {
                Remove(range);
                _vmas.Apply(plan);
            }

            return error;
        }
    }

    /// <summary>How the reverse map calls a page of this address space.</summary>
    internal FrameMapping MappingOf(ulong page) => new(_id, page);

    /// <summary>Invalidates mirrors and takes the pages of a range out. Mmap lock held exclusively.</summary>
    private void Remove(AddressRange range)
    {
        MmapLock.AssertHeldExclusively();
        BringHomeShared(range);
        using (Open(range, InvalidationCause.Unmap))
        {
            SplitHugeAtEnds(range);
            _zap.RunUnmapped(range);
        }
    }
}
