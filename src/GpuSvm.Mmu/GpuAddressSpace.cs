using GpuSvm.Mmu.Formats.Gp100;
using GpuSvm.Mmu.Spaces;

namespace GpuSvm.Mmu;

/// <summary>A GPU's virtual address space: addresses that are given out, memory that is mapped there, and the tables that the device walks.</summary>
/// <remarks>
/// <para>
/// Two ways of use. Addresses are given out by <see cref="TryGet"/>, memory objects are mapped there by <see cref="Map"/>. Or the client
/// owns the addresses, and single pages are mapped by <see cref="PfnMap"/> as faults are served; host pages are mapped for DMA and
/// unmapped here, so the two balance.
/// </para>
/// <para>
/// The order that makes it safe: entries become invalid, the TLB is flushed, only then are DMA mappings undone, memory released and tables
/// freed. A call that fails changes nothing.
/// </para>
/// <para>
/// Locking: every member may be called by any thread. Changes are made one at a time, under a lock of rank
/// <see cref="LockRank.GpuAddressSpace"/>, with device locks inside. Source: Linux nouveau vmm.c.
/// </para>
/// </remarks>
public abstract class GpuAddressSpace : IDisposable
{
    private protected GpuAddressSpace()
    {
    }

    /// <summary>The root directory: the name by which the GPU knows this address space.</summary>
    public abstract PageDirectoryBase Root { get; }

    /// <summary>All addresses that can be mapped.</summary>
    public abstract AddressRange Bounds { get; }

    /// <summary>Number of 4 KiB pages that are mapped by pfn; a page of 2 MiB counts 512.</summary>
    public abstract long MappedPages { get; }

    /// <summary>Size of all page tables in use, in bytes: that of the root when nothing is mapped, 0 after <see cref="Dispose"/>.</summary>
    public abstract long PageTableBytes { get; }

    /// <summary>What was asked for so far.</summary>
    public abstract GpuAddressSpaceCounters Counters { get; }

    /// <summary>Number of references: one, its maker's, at first.</summary>
    public abstract int References { get; }

    /// <summary>Makes an empty GP100 address space of which the client owns all addresses; free tables go back at once.</summary>
    /// <param name="memory">Memory for page tables: video memory, as the entries say.</param>
    /// <param name="dma">Gives host pages their device addresses.</param>
    /// <param name="tlb">The device that walks the tables.</param>
    /// <param name="space">The address space, or null on failure.</param>
    /// <returns><see cref="Errno.None"/>, or <see cref="Errno.ENOMEM"/>: then nothing is left allocated.</returns>
    public static Errno TryCreate(IPageTableMemory memory, IDmaMapper dma, ITlbInvalidator tlb, out GpuAddressSpace? space) =>
        TryCreate<Gp100Format>(
            memory,
            dma,
            tlb,
            new GpuAddressSpaceOptions { Management = GpuAddressSpaceManagement.Managed, SpareTables = 0 },
            out space);

    /// <summary>Makes an empty address space.</summary>
    /// <typeparam name="TFormat">The format of its tables.</typeparam>
    /// <param name="memory">Memory for page tables: video memory, as the entries say.</param>
    /// <param name="dma">Gives host pages their device addresses.</param>
    /// <param name="tlb">The device that walks the tables.</param>
    /// <param name="options">How it is made.</param>
    /// <param name="space">The address space, or null on failure.</param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.EINVAL"/> for a range that the format does not have; <see cref="Errno.ENOMEM"/>. On failure
    /// nothing is left allocated.
    /// </returns>
    public static Errno TryCreate<TFormat>(
        IPageTableMemory memory, IDmaMapper dma, ITlbInvalidator tlb, GpuAddressSpaceOptions options, out GpuAddressSpace? space)
        where TFormat : struct, IPageTableFormat
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(dma);
        ArgumentNullException.ThrowIfNull(tlb);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.SpareTables);
        Errno error = Vmm<TFormat>.TryCreate(memory, dma, tlb, options, out Vmm<TFormat>? vmm);
        space = vmm;
        return error;
    }

    /// <summary>Takes a reference.</summary>
    public abstract void AddReference();

    /// <summary>Drops a reference; with the last one the address space is disposed of.</summary>
    /// <returns>True if it was the last.</returns>
    public abstract bool Release();

    /// <summary>Gives addresses out: the smallest free piece that fits, the lowest among equals.</summary>
    /// <param name="request">How many, and what comes with them.</param>
    /// <param name="address">The first address.</param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.EINVAL"/> for a size of 0, a page size that the format does not have or that the size is no
    /// multiple of, an alignment above 2^63, page tables without a page size, or sparse without page tables;
    /// <see cref="Errno.ENOSPC"/>; <see cref="Errno.ENOMEM"/>.
    /// </returns>
    public abstract Errno TryGet(in GetRequest request, out VirtualAddress address);

    /// <summary>Takes addresses back, and unmaps what is mapped there.</summary>
    /// <param name="address">What <see cref="TryGet"/> gave.</param>
    /// <returns><see cref="Errno.None"/>, or <see cref="Errno.ENOENT"/> for any other address.</returns>
    public abstract Errno Put(VirtualAddress address);

    /// <summary>Maps memory, with the largest page size possible if none was asked for, and takes a reference of it.</summary>
    /// <param name="address">First address, in addresses that were given out or are the client's.</param>
    /// <param name="size">Number of bytes. Where this is less than was given out, the rest stays as it is, and can be mapped on its own.</param>
    /// <param name="memory">The memory.</param>
    /// <param name="offset">Where in the memory to begin, in bytes.</param>
    /// <param name="attributes">How; null for the usual: stores allowed, pitch, coherent system memory volatile.</param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.ENOENT"/> where no addresses were given out; <see cref="Errno.EINVAL"/> where pages are
    /// mapped by pfn, where a part of other memory's mapping is meant, or for what no page size or format can map;
    /// <see cref="Errno.ENOMEM"/>. A failing call changes nothing.
    /// </returns>
    /// <remarks>Memory that is mapped there in whole is replaced, and released when the TLB is flushed.</remarks>
    public abstract Errno Map(
        VirtualAddress address, ulong size, GpuMemoryObject memory, ulong offset = 0, MapAttributes? attributes = null);

    /// <summary>Unmaps memory, and drops the reference of it when the TLB is flushed.</summary>
    /// <param name="address">First address of what <see cref="Map"/> mapped.</param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.ENOENT"/> for another address; <see cref="Errno.EINVAL"/> where no memory is mapped.
    /// </returns>
    public abstract Errno Unmap(VirtualAddress address);

    /// <summary>Maps pages by pfn, and replaces pages that are mapped by pfn there.</summary>
    /// <param name="pageShift">Binary logarithm of the page size: one that the format maps by pfn.</param>
    /// <param name="address">Address of the first page, aligned to the page size.</param>
    /// <param name="pfns">
    /// A page each, in order. An entry without V unmaps what is mapped by pfn there. Afterwards V is clear for what was not mapped: because
    /// memory or DMA addresses ran out, or where pages cannot be mapped by pfn (nothing is given out, memory is mapped, or an edge of what
    /// was given out lies inside the page).
    /// </param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.ENOMEM"/> when something ran out: what is no longer valid in the array is as it was
    /// before. <see cref="Errno.EINVAL"/> for a page size without pfns, an unaligned address, a range that passes
    /// <see cref="Bounds"/> or a page that the format cannot address; <see cref="Errno.ENOENT"/> where no addresses were given out: then
    /// nothing is done, and the array is left alone.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The DMA mapper knows no such host frame; entries from its run on were not mapped, and their V is clear.
    /// </exception>
    /// <remarks>
    /// Runs of equal V within what is in one state are mapped as one, or not at all. Host pages that the GPU may only read are mapped for
    /// DMA in that direction. A page in place of another one is taken back first: invalid, flushed, DMA-unmapped; a larger page of which
    /// a part is replaced is taken back whole. Only a page of video memory that keeps its address and loses no right is changed in place.
    /// </remarks>
    public abstract Errno PfnMap(int pageShift, VirtualAddress address, Span<PfnEntry> pfns);

    /// <summary>Maps runs of pages of 4 KiB by pfn; the pages between them stay as they are.</summary>
    /// <param name="address">Address of the first page of the request, aligned to the page size.</param>
    /// <param name="pfns">As of <see cref="PfnMap"/>; all entries of a run are valid.</param>
    /// <param name="runs">Which entries count, in rising order.</param>
    /// <param name="buffer">The calling thread's, for as many pages at least as the request has.</param>
    /// <returns>As of <see cref="PfnMap"/>; <see cref="Errno.ENOENT"/> is the answer for the pages that are not given out only.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The DMA mapper knows no such host frame; V is clear for what was not mapped.</exception>
    /// <remarks>
    /// Host pages are mapped for DMA, and entries encoded, before the lock is taken, which is held for some dozens of pages at a time: so
    /// threads that map different pages run at the same time for the most part.
    /// </remarks>
    public abstract Errno PfnMapRuns(VirtualAddress address, Span<PfnEntry> pfns, ReadOnlySpan<PfnSpan> runs, PfnBuffer buffer);

    /// <summary>Unmaps every page that was mapped by pfn and that the range touches.</summary>
    /// <param name="range">Any range inside <see cref="Bounds"/>; widened outwards to whole pages.</param>
    /// <returns>As <see cref="PfnUnmap(AddressRange, out long)"/>.</returns>
    public Errno PfnUnmap(AddressRange range) => PfnUnmap(range, out _);

    /// <summary>Unmaps every page that was mapped by pfn and that the range touches.</summary>
    /// <param name="range">Any range inside <see cref="Bounds"/>; widened outwards to whole pages.</param>
    /// <param name="pages">How many there were, counted in pages of 4 KiB.</param>
    /// <returns>
    /// <see cref="Errno.None"/>, or <see cref="Errno.EINVAL"/> for a range that passes <see cref="Bounds"/> or begins where no addresses were
    /// given out.
    /// </returns>
    /// <remarks>
    /// Cannot fail otherwise: where memory for records runs out, more than the range is unmapped. On return no access through an old entry
    /// can complete, no DMA mapping is left and tables without a page are freed. None or one flush, unless there is very much to unmap.
    /// </remarks>
    public abstract Errno PfnUnmap(AddressRange range, out long pages);

    /// <summary>True if the range touches a page that is mapped by pfn. Answered from the books, without a look at the tables.</summary>
    /// <param name="range">Any range.</param>
    public abstract bool HasPfns(AddressRange range);

    /// <summary>Has the accesses of an instance translated here.</summary>
    /// <returns><see cref="Errno.ENOSYS"/> without <see cref="GpuAddressSpaceOptions.Instances"/>, or what that answers.</returns>
    public abstract Errno Join(ulong instance);

    /// <summary>Takes an instance out; no walk for it is running when this returns. Nothing for an instance that has not joined.</summary>
    public abstract void Part(ulong instance);

    /// <summary>Makes all page tables of the smallest pages, so that mapping such pages never needs memory again.</summary>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.EINVAL"/> when that is done already or something is given out that is sparse;
    /// <see cref="Errno.ENOMEM"/>.
    /// </returns>
    /// <remarks>Afterwards sparse addresses are made of small pages only, and cannot be given out with tables of larger ones.</remarks>
    public abstract Errno Boot();

    /// <summary>What the device finds at an address: read from the encoded tables, from the root on.</summary>
    /// <returns>A page, sparse or invalid; invalid outside the format's addresses.</returns>
    public abstract DecodedEntry Translate(VirtualAddress address);

    /// <summary>Shows the whole state.</summary>
    public abstract void Dump(IAddressSpaceVisitor visitor);

    /// <summary>Compares books and encoded tables: counts all references again.</summary>
    /// <returns>What does not agree: nothing.</returns>
    public abstract IReadOnlyList<CheckFinding> Check();

    /// <summary>Unmaps everything and frees all tables, whatever the references. No device may be using the address space any more.</summary>
    public void Dispose()
    {
        Teardown();
        GC.SuppressFinalize(this);
    }

    private protected abstract void Teardown();
}
