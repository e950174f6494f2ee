using GpuSvm.Mmu.Areas;
using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu.Spaces;

/// <summary>An address space whose tables have a certain format.</summary>
/// <typeparam name="TFormat">The format.</typeparam>
/// <remarks>
/// It keeps the books of addresses and the tables in step: what can fail happens first, then both change. Source: Linux nouveau vmm.c,
/// corrected as docs/departures.md says.
/// </remarks>
internal sealed partial class Vmm<TFormat> : GpuAddressSpace
    where TFormat : struct, IPageTableFormat
{
    private readonly RankedLock _lock = new(LockRank.GpuAddressSpace);
    private readonly GpuAddressSpaceOptions _options;
    private readonly IPageTableMemory _memory;
    private readonly IDmaMapper _dma;
    private readonly VmaSet _areas;
    private readonly TableStore _store;
    private readonly Retirement _retirement;
    private readonly TableTree<TFormat> _tree;
    private readonly List<ulong> _instances = [];

    // The piece of the last look-up: the next one is often there, or behind it. A record that is not used any more says so.
    private GpuVma? _recent;
    private int _references = 1;
    private long _mappedPages;
    private long _dmaMaps;
    private bool _isBooted;
    private bool _isDisposed;

    private Vmm(
        IPageTableMemory memory,
        IDmaMapper dma,
        GpuAddressSpaceOptions options,
        AddressRange bounds,
        VmaSet areas,
        TableStore store,
        Retirement retirement,
        TableTree<TFormat> tree)
    {
        _memory = memory;
        _dma = dma;
        _options = options;
        _areas = areas;
        _store = store;
        _retirement = retirement;
        _tree = tree;
        Bounds = bounds;
        Root = new PageDirectoryBase(tree.Root.Table);
    }

    /// <inheritdoc/>
    public override PageDirectoryBase Root { get; }

    /// <inheritdoc/>
    public override AddressRange Bounds { get; }

    /// <inheritdoc/>
    public override long MappedPages
    {
        get
        {
            using RankedLock.Scope scope = _lock.Enter();
            return _mappedPages;
        }
    }

    /// <inheritdoc/>
    public override long PageTableBytes
    {
        get
        {
            using RankedLock.Scope scope = _lock.Enter();
            return _store.LiveBytes;
        }
    }

    /// <inheritdoc/>
    public override GpuAddressSpaceCounters Counters
    {
        get
        {
            using RankedLock.Scope scope = _lock.Enter();
            return new GpuAddressSpaceCounters(
                _store.Allocations, _store.Frees, _dmaMaps, _retirement.DmaUnmaps, _retirement.Flushes);
        }
    }

    /// <inheritdoc/>
    public override int References => SharedWord.Read(ref _references);

    /// <summary>Makes an address space.</summary>
    internal static Errno TryCreate(
        IPageTableMemory memory, IDmaMapper dma, ITlbInvalidator tlb, GpuAddressSpaceOptions options, out Vmm<TFormat>? vmm)
    {
        vmm = null;
        var areas = new VmaSet(TFormat.AddressBits, options.Bookkeeping);
        var store = new TableStore(memory, options.SpareTables);
        var retirement = new Retirement(tlb, dma, store, TableTree<TFormat>.PageTableDepth);
        if (!TryBounds(options, out AddressRange bounds))
        {
            return Errno.EINVAL;
        }

        Errno error = TryAddAreas(areas, options, bounds);
        if (error == Errno.None)
        {
            error = TableTree<TFormat>.TryCreate(store, retirement, options.Bookkeeping, out TableTree<TFormat>? tree);
            vmm = tree is null ? null : new Vmm<TFormat>(memory, dma, options, bounds, areas, store, retirement, tree);
        }

        return error;
    }

    /// <inheritdoc/>
    public override void AddReference()
    {
        int before = SharedWord.Add(ref _references, 1);
        Checks.That(before > 1, "An address space that is gone has no references.");
    }

    /// <inheritdoc/>
    public override bool Release()
    {
        int left = SharedWord.Add(ref _references, -1);
        Checks.That(left >= 0, "Each reference is dropped once.");
        if (left > 0)
        {
            return false;
        }

        Dispose();
        return true;
    }

    /// <inheritdoc/>
    public override DecodedEntry Translate(VirtualAddress address)
    {
        if (address.Value >> TFormat.AddressBits != 0)
        {
            return default;
        }

        using RankedLock.Scope scope = Enter();
        return new PageTableCursor<TFormat>(_memory, Root, address).Finish();
    }

    private static bool TryBounds(GpuAddressSpaceOptions options, out AddressRange bounds)
    {
        ulong limit = 1UL << TFormat.AddressBits;
        bounds = new AddressRange(0, limit);
        if (!AddressRange.TryFromLength(options.Start, options.Size, out AddressRange range) || range.End > limit)
        {
            return false;
        }

        if (options.Management == GpuAddressSpaceManagement.Unmanaged)
        {
            bounds = options.Size == 0 ? new AddressRange(options.Start, limit) : range;
            return !bounds.IsEmpty;
        }

        return true;
    }

    private static Errno TryAddAreas(VmaSet areas, GpuAddressSpaceOptions options, AddressRange bounds)
    {
        if (options.Management == GpuAddressSpaceManagement.Unmanaged)
        {
            return areas.TryAddFree(bounds.Start, bounds.Length);
        }

        ulong end = options.Start + options.Size;
        Errno error = options.Start == 0 ? Errno.None : areas.TryAddManaged(0, options.Start);
        if (error == Errno.None && options.Size != 0)
        {
            error = areas.TryAddFree(options.Start, options.Size);
        }

        if (error == Errno.None && end != bounds.End.Value)
        {
            error = areas.TryAddManaged(end, bounds.End.Value - end);
        }

        return error;
    }

    /// <summary>After a boot a directory entry that becomes a page has named a table, which the device may remember.</summary>
    private EntryHistory HistoryOf(in PageSlot slot, bool isInUse) =>
        isInUse || (_isBooted && slot.Depth < TableTree<TFormat>.PageTableDepth) ? EntryHistory.Remembered : EntryHistory.Forgotten;

    private static ulong SmallAtRest(GpuVma vma) => vma.IsSparse ? TFormat.SparsePage : 0;

    private RankedLock.Scope Enter()
    {
        RankedLock.Scope scope = _lock.Enter();
        if (_isDisposed)
        {
            scope.Dispose();
            ObjectDisposedException.ThrowIf(_isDisposed, this);
        }

        return scope;
    }

    private void Complete() => _retirement.Complete(Root);

    /// <summary>The used piece that holds an address, or null.</summary>
    private GpuVma? FindArea(ulong address)
    {
        if (_recent is { IsUsed: true } recent)
        {
            if (recent.Contains(address))
            {
                return recent;
            }

            if (recent.Next is { IsUsed: true } next && next.Contains(address))
            {
                return _recent = next;
            }
        }

        return _recent = _areas.Find(address);
    }
}
