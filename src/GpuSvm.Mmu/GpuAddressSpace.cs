using GpuSvm.Mmu.Formats.Gp100;
using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu;

/// <summary>A GPU's virtual address space: page tables that the device walks, filled page by page as faults are served.</summary>
/// <remarks>
/// <para>
/// The order that makes it safe: entries become invalid, the TLB is flushed, only then are DMA mappings undone and tables freed. Host
/// pages are mapped for DMA here and unmapped here, so the two balance.
/// </para>
/// <para>
/// Locking: every member may be called by any thread. Calls are served one at a time, under a lock of rank
/// <see cref="LockRank.GpuAddressSpace"/>, with device locks inside. Source: Linux nouveau vmm.c.
/// </para>
/// </remarks>
public sealed class GpuAddressSpace : IDisposable
{
    private readonly RankedLock _lock = new(LockRank.GpuAddressSpace);
    private readonly IPageTableMemory _memory;
    private readonly ITlbInvalidator _tlb;
    private readonly PageTable<Gp100Format> _tables;
    private readonly PfnMapper<Gp100Format> _pfns;
    private bool _disposed;

    private GpuAddressSpace(IPageTableMemory memory, IDmaMapper dma, ITlbInvalidator tlb, PageTable<Gp100Format> tables)
    {
        _memory = memory;
        _tlb = tlb;
        _tables = tables;
        _pfns = new PfnMapper<Gp100Format>(tables, dma, tlb);
        Root = tables.Root;
    }

    /// <summary>The root directory: the name by which the GPU knows this address space.</summary>
    public PageDirectoryBase Root { get; }

    /// <summary>All addresses: <c>[0, 2^49)</c>.</summary>
    public AddressRange Bounds { get; } = new(0, 1UL << Gp100Format.AddressBits);

    /// <summary>Number of 4 KiB pages that are mapped.</summary>
    public long MappedPages
    {
        get
        {
            using RankedLock.Scope scope = _lock.Enter();
            return _pfns.MappedPages;
        }
    }

    /// <summary>Size of all page tables, in bytes: that of the root when nothing is mapped, 0 after <see cref="Dispose"/>.</summary>
    public long PageTableBytes
    {
        get
        {
            using RankedLock.Scope scope = _lock.Enter();
            return _tables.TableBytes;
        }
    }

    /// <summary>Makes an empty address space.</summary>
    /// <param name="memory">Memory for page tables: video memory, as the entries say.</param>
    /// <param name="dma">Gives host pages their device addresses.</param>
    /// <param name="tlb">The device that walks the tables.</param>
    /// <param name="space">The address space, or null on failure.</param>
    /// <returns><see cref="Errno.None"/>, or <see cref="Errno.ENOMEM"/>: then nothing is left allocated.</returns>
    public static Errno TryCreate(IPageTableMemory memory, IDmaMapper dma, ITlbInvalidator tlb, out GpuAddressSpace? space)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(dma);
        ArgumentNullException.ThrowIfNull(tlb);
        Errno error = PageTable<Gp100Format>.TryCreate(memory, out PageTable<Gp100Format>? tables);
        space = tables is null ? null : new GpuAddressSpace(memory, dma, tlb, tables);
        return error;
    }

    /// <summary>Maps pages, and replaces what is mapped there.</summary>
    /// <param name="pageShift">Binary logarithm of the page size: 12.</param>
    /// <param name="address">Address of the first page, aligned to the page size.</param>
    /// <param name="pfns">
    /// A page each, in order. Entries without V are skipped: what is mapped there stays. When the call fails for want of memory nothing
    /// was mapped, so V is cleared in all entries; when the request is invalid the array is left alone.
    /// </param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.EINVAL"/> for another page size, an unaligned address, a range that passes
    /// <see cref="Bounds"/> or a page that the format cannot address; <see cref="Errno.ENOMEM"/> when page tables or DMA addresses run
    /// out. A failed call changes nothing.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The DMA mapper knows no such host frame; nothing was mapped either.</exception>
    /// <remarks>
    /// Host pages that the GPU may only read are mapped for DMA in that direction. A page in place of another one is taken back first:
    /// invalid, flushed, DMA-unmapped. Only a page of video memory that keeps its address and loses no right is changed in place, without
    /// a flush. No flush is issued for pages and tables that are new, because the device caches no invalid entry.
    /// </remarks>
    public Errno PfnMap(int pageShift, VirtualAddress address, Span<PfnEntry> pfns)
    {
        if (pageShift != Page.Shift ||
            !Page.IsAligned(address.Value) ||
            !AddressRange.TryFromLength(address, (ulong)pfns.Length << Page.Shift, out AddressRange range) ||
            !Bounds.Contains(range) ||
            !CanAddressAll(pfns))
        {
            return Errno.EINVAL;
        }

        using RankedLock.Scope scope = _lock.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _pfns.Map(address.Value, pfns);
    }

    /// <summary>Unmaps every page that the range touches.</summary>
    /// <param name="range">Any range inside <see cref="Bounds"/>; widened outwards to whole pages.</param>
    /// <returns><see cref="Errno.None"/>, or <see cref="Errno.EINVAL"/> for a range that passes <see cref="Bounds"/>.</returns>
    /// <remarks>
    /// Cannot fail otherwise, and allocates nothing. On return no access through an old entry can complete, no DMA mapping is left and
    /// tables without a page are freed. One flush at most; none when nothing was mapped.
    /// </remarks>
    public Errno PfnUnmap(AddressRange range)
    {
        if (!Bounds.Contains(range))
        {
            return Errno.EINVAL;
        }

        using RankedLock.Scope scope = _lock.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!range.IsEmpty)
        {
            _pfns.Unmap(Page.AlignDown(range.Start.Value), Page.Count(range.End.Value) << Page.Shift);
        }

        return Errno.None;
    }

    /// <summary>What the device finds at an address: read from the encoded tables, from the root on.</summary>
    /// <returns>A page, sparse or invalid; invalid outside <see cref="Bounds"/>.</returns>
    public DecodedEntry Translate(VirtualAddress address)
    {
        if (!Bounds.Contains(address))
        {
            return default;
        }

        using RankedLock.Scope scope = _lock.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new PageTableCursor<Gp100Format>(_memory, Root, address).Finish();
    }

    /// <summary>Unmaps everything and frees all tables. No device may be using the address space any more.</summary>
    public void Dispose()
    {
        using RankedLock.Scope scope = _lock.Enter();
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _pfns.Unmap(Bounds.Start.Value, Bounds.End.Value);
        var batch = new TlbBatch(PageTable<Gp100Format>.PageTableDepth);
        batch.Add(Bounds.Start.Value, Bounds.End.Value);
        batch.AddDirectory(0);
        batch.Flush(_tlb, Root);
        _tables.FreeRoot();
    }

    private static bool CanAddressAll(ReadOnlySpan<PfnEntry> pfns)
    {
        foreach (PfnEntry pfn in pfns)
        {
            if (pfn.IsValid && pfn.IsVideoMemory && !Gp100Format.CanAddress(new PageTarget(Aperture.VideoMemory, pfn.Address)))
            {
                return false;
            }
        }

        return true;
    }
}
