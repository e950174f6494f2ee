using System.Numerics;

namespace GpuSvm.Mmu;

/// <summary>Memory that can be mapped into GPU address spaces: where its bytes lie, and how long somebody needs them.</summary>
/// <remarks>
/// <para>
/// It begins with one reference, its maker's; each mapping holds one more, until the TLB is flushed of it. Whoever drops the last may
/// use the memory for something else.
/// </para>
/// <para>Locking: none; the count is atomic, everything else does not change. Source: Linux nouveau core/memory.h.</para>
/// </remarks>
public sealed class GpuMemoryObject
{
    // Extents with the offset of each, in bytes; or the addresses of single pages.
    private readonly MemoryExtent[] _extents = [];
    private readonly ulong[] _offsets = [];
    private readonly ulong[]? _pages;
    private int _references = 1;

    private GpuMemoryObject(Aperture target, MemoryExtent[] extents, ulong[] offsets, ulong size, ulong last, int pageShift)
        : this(target, size, pageShift, PlacesOf(extents, offsets))
    {
        _extents = extents;
        _offsets = offsets;
        LastPage = last;
    }

    private GpuMemoryObject(Aperture target, ulong[] pages, int pageShift)
        : this(target, (ulong)pages.Length << Page.Shift, pageShift, PlacesOf(pages))
    {
        _pages = pages;
        LastPage = LastOf(pages);
    }

    private GpuMemoryObject(Aperture target, ulong size, int pageShift, ulong places)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pageShift);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageShift, 63);
        Target = target;
        Size = size;
        PageShift = Math.Min(pageShift, BitOperations.TrailingZeroCount(places));
    }

    /// <summary>Which memory it is.</summary>
    public Aperture Target { get; }

    /// <summary>Number of bytes: a multiple of 4096.</summary>
    public ulong Size { get; }

    /// <summary>
    /// Binary logarithm of the largest page size that it can be mapped with: as its maker said, or less where it is not made of such pages.
    /// </summary>
    public int PageShift { get; }

    /// <summary>Whatever the maker wants to find again in a dump.</summary>
    public object? Owner { get; private init; }

    /// <summary>Address of the highest page of 4096 bytes, to ask a format whether it can name all; 0 without memory.</summary>
    internal ulong LastPage { get; }

    /// <summary>Number of references; 0 when nobody needs the memory any more.</summary>
    public int References => SharedWord.Read(ref _references);

    /// <summary>One piece of contiguous memory.</summary>
    /// <param name="target">Which memory; a peer's cannot be mapped.</param>
    /// <param name="address">Byte address, a multiple of 4096.</param>
    /// <param name="size">Number of bytes, a multiple of 4096; may be 0.</param>
    /// <param name="pageShift">Binary logarithm of the largest page size that it can be mapped with: 0 to 63; below 12 it cannot be mapped.</param>
    /// <param name="owner">What <see cref="Owner"/> gives.</param>
    public static GpuMemoryObject Contiguous(Aperture target, ulong address, ulong size, int pageShift, object? owner = null) =>
        FromExtents(target, size == 0 ? [] : [new MemoryExtent(address, size)], pageShift, owner);

    /// <summary>Several pieces of contiguous memory, as an allocator of video memory gives them.</summary>
    /// <param name="target">Which memory.</param>
    /// <param name="extents">The pieces, in order.</param>
    /// <param name="pageShift">Binary logarithm of the largest page size that it can be mapped with; each piece has to be made of such pages.</param>
    /// <param name="owner">What <see cref="Owner"/> gives.</param>
    public static GpuMemoryObject FromExtents(Aperture target, ReadOnlySpan<MemoryExtent> extents, int pageShift, object? owner = null)
    {
        var offsets = new ulong[extents.Length];
        ulong size = 0;
        ulong last = 0;
        for (int i = 0; i < extents.Length; i++)
        {
            MemoryExtent extent = extents[i];
            if (!Page.IsAligned(extent.Address | extent.Size) || extent.Size == 0 || extent.Size - 1 > ulong.MaxValue - extent.Address)
            {
                throw new ArgumentException($"{extent} is not made of whole pages of 4096 bytes.", nameof(extents));
            }

            last = Math.Max(last, extent.Address + (extent.Size - Page.Size));

            offsets[i] = size;
            size = checked(size + extent.Size);
        }

        return new GpuMemoryObject(target, extents.ToArray(), offsets, size, last, pageShift) { Owner = owner };
    }

    /// <summary>Pages of 4096 bytes by their DMA addresses.</summary>
    /// <param name="target">Which memory.</param>
    /// <param name="addresses">The pages, in order: multiples of 4096.</param>
    /// <param name="pageShift">Binary logarithm of the largest page size that it can be mapped with: runs of that size are contiguous.</param>
    /// <param name="owner">What <see cref="Owner"/> gives.</param>
    public static GpuMemoryObject FromPages(Aperture target, ReadOnlySpan<ulong> addresses, int pageShift, object? owner = null)
    {
        foreach (ulong address in addresses)
        {
            if (!Page.IsAligned(address))
            {
                throw new ArgumentException($"0x{address:x} is not a multiple of 4096.", nameof(addresses));
            }
        }

        return new GpuMemoryObject(target, addresses.ToArray(), pageShift) { Owner = owner };
    }

    /// <summary>Pieces of memory as a DMA mapping of a scatter list gives them.</summary>
    /// <param name="target">Which memory.</param>
    /// <param name="list">The pieces, in order.</param>
    /// <param name="pageShift">Binary logarithm of the largest page size that it can be mapped with; each piece has to be made of such pages.</param>
    /// <param name="owner">What <see cref="Owner"/> gives.</param>
    public static GpuMemoryObject FromScatterList(Aperture target, ReadOnlySpan<MemoryExtent> list, int pageShift, object? owner = null) =>
        FromExtents(target, list, pageShift, owner);

    /// <summary>Takes a reference.</summary>
    public void AddReference()
    {
        int before = SharedWord.Add(ref _references, 1);
        Checks.That(before > 1, "Memory that nobody needs is gone.");
    }

    /// <summary>Drops a reference.</summary>
    /// <returns>True if it was the last.</returns>
    public bool Release()
    {
        int left = SharedWord.Add(ref _references, -1);
        Checks.That(left >= 0, "Each reference is dropped once.");
        return left == 0;
    }

    /// <summary>The contiguous memory from an offset on, to the end of its extent or page.</summary>
    /// <param name="offset">Offset in bytes, below <see cref="Size"/>.</param>
    internal MemoryExtent From(ulong offset)
    {
        if (_pages is not null)
        {
            ulong inPage = offset & (Page.Size - 1);
            return new MemoryExtent(_pages[(int)(offset >> Page.Shift)] + inPage, Page.Size - inPage);
        }

        int found = _offsets.Length == 1 ? 0 : _offsets.AsSpan().BinarySearch(offset);
        MemoryExtent extent = _extents[found >= 0 ? found : found = ~found - 1];
        ulong inside = offset - _offsets[found];
        return new MemoryExtent(extent.Address + inside, extent.Size - inside);
    }

    /// <summary>All addresses and offsets at which contiguous memory begins, or-ed: as aligned as the least aligned of them.</summary>
    private static ulong PlacesOf(MemoryExtent[] extents, ulong[] offsets)
    {
        ulong places = 0;
        for (int i = 0; i < extents.Length; i++)
        {
            places |= extents[i].Address | offsets[i];
        }

        return places;
    }

    private static ulong PlacesOf(ulong[] pages)
    {
        ulong places = 0;
        for (int i = 0; i < pages.Length; i++)
        {
            if (i == 0 || pages[i] != unchecked(pages[i - 1] + Page.Size))
            {
                places |= pages[i] | ((ulong)i << Page.Shift);
            }
        }

        return places;
    }

    private static ulong LastOf(ReadOnlySpan<ulong> pages)
    {
        ulong last = 0;
        foreach (ulong page in pages)
        {
            last = Math.Max(last, page);
        }

        return last;
    }
}
