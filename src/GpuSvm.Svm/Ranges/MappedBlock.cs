namespace GpuSvm.Svm;

/// <summary>
/// Pages of a range that the device maps as one: a power of two of them, aligned in the address space and where they lie.
/// </summary>
/// <remarks>16 bytes: a range may have hundreds of them. Source: Linux struct drm_pagemap_addr.</remarks>
public readonly record struct MappedBlock
{
    private const int PeerShift = 5;

    private readonly ulong _where;
    private readonly byte _order;
    private readonly Traits _traits;

    private MappedBlock(ulong where, int firstPage, int order, Traits traits)
    {
        _where = where;
        _order = (byte)order;
        _traits = traits;
        FirstPage = firstPage;
    }

    // The lowest bits are those of the rights, the highest three the number of the peer.
    [Flags]
    private enum Traits : byte
    {
        Rights = Protection.ReadWrite,
        IsDevice = 4,
        IsNew = 8,
        IsPeer = 16,
    }

    /// <summary>Number of its first page in the range, from 0.</summary>
    public int FirstPage { get; init; }

    /// <summary>Where the device finds the pages in system memory; null if they lie in its own, or a peer's.</summary>
    public DeviceAddress? System => IsOnDevice || IsOnPeer ? null : new DeviceAddress(_where);

    /// <summary>True if the pages lie in the device's own memory.</summary>
    public bool IsOnDevice => (_traits & Traits.IsDevice) != 0;

    /// <summary>True if the pages lie in the memory of another device, which this one reaches.</summary>
    public bool IsOnPeer => (_traits & Traits.IsPeer) != 0;

    /// <summary>Number of that device among the <see cref="DevicePeers"/>; 0 where the pages lie elsewhere.</summary>
    public int PeerNumber => (int)_traits >> PeerShift;

    /// <summary>Number of the first page in the device's memory, or the peer's, if they lie there.</summary>
    public ulong DevicePage => IsOnDevice || IsOnPeer ? _where : 0;

    /// <summary>Binary logarithm of the number of pages.</summary>
    public int Order => _order;

    /// <summary>How many pages.</summary>
    public int PageCount => 1 << _order;

    /// <summary>What the device may do with the pages while the block is current.</summary>
    public Protection Rights => (Protection)(_traits & Traits.Rights);

    /// <summary>True if the device may be given the pages; false once an invalidation has told of them, until they are unmapped.</summary>
    public bool IsCurrent => Passes == 0;

    /// <summary>Invalidations that have told of the pages and were not waited for yet.</summary>
    internal ushort Passes { get; init; }

    /// <summary>True if the block was made by the call that looks at it.</summary>
    internal bool IsNew => (_traits & Traits.IsNew) != 0;

    /// <summary>Number of the page behind the last one in the range.</summary>
    internal int EndPage => FirstPage + PageCount;

    /// <summary>Pages that are to be mapped: a place in a range, and no more.</summary>
    internal static MappedBlock Planned(int firstPage, int order) => new(0, firstPage, order, Traits.IsNew);

    /// <summary>True if another block lies in the same memory, and the device may do the same with it.</summary>
    public bool IsLike(in MappedBlock other) => _traits == other._traits;

    /// <summary>The same pages, mapped for DMA.</summary>
    internal MappedBlock InSystem(DeviceAddress address, Protection rights) =>
        new(address.Value, FirstPage, Order, (Traits)rights | Traits.IsNew);

    /// <summary>The same pages, which lie in the device's memory.</summary>
    internal MappedBlock OnDevice(ulong page, Protection rights) =>
        new(page, FirstPage, Order, (Traits)rights | Traits.IsDevice | Traits.IsNew);

    /// <summary>The same pages, which lie in the memory of a peer.</summary>
    internal MappedBlock OnPeer(int number, ulong page, Protection rights) =>
        new(page, FirstPage, Order, (Traits)rights | Traits.IsPeer | Traits.IsNew | (Traits)(number << PeerShift));

    /// <summary>The same block, which is no longer new.</summary>
    internal MappedBlock Settled() => new(_where, FirstPage, Order, _traits & ~Traits.IsNew);
}
