using System.Runtime.CompilerServices;

namespace GpuSvm.Gpu;

/// <summary>The IOMMU between the GPU and system memory: every access of the GPU passes its table.</summary>
/// <remarks>
/// <para>
/// Device addresses lie above all frame numbers and are handed out in an order that follows from the seed, so a frame number used as a
/// device address, or an address used after its unmapping, reaches nothing.
/// </para>
/// <para>A table entry: bits 63:12 address of the frame, bit 1 the device may write, bit 0 it may read.</para>
/// <para>Locking: a device lock of its own around handing out; the table's words are read by accesses without it.</para>
/// </remarks>
public sealed unsafe class Iommu : IDmaMapper, IDisposable
{
    internal const ulong ReadRight = (ulong)TranslationRights.Read;
    internal const ulong WriteRight = (ulong)TranslationRights.Write;
    private const int LargestOrder = 9;
    private const int EntrySize = sizeof(ulong);

    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly SystemMemory _memory;
    private readonly NativeReservation _table;
    private readonly DeviceAddressPool _addresses;
    private readonly ulong _limit;
    private long _mapped;

    /// <summary>Makes an IOMMU with nothing mapped.</summary>
    /// <param name="memory">System memory.</param>
    /// <param name="pageLimit">How many 4 KiB pages may be mapped at once; more gives ENOMEM.</param>
    /// <param name="random">Decides the order of device addresses.</param>
    internal Iommu(SystemMemory memory, ulong pageLimit, SeededRandom random)
    {
        _memory = memory;
        _limit = pageLimit;
        _addresses = new DeviceAddressPool(memory.FrameCount, pageLimit, random);
        PageCount = _addresses.EndPage;
        _table = new NativeReservation(PageCount * EntrySize);
    }

    /// <inheritdoc/>
    public long MappedPages => SharedWord.Read(ref _mapped);

    /// <summary>Number of entries of the table: device page numbers lie below it.</summary>
    internal ulong PageCount { get; }

    /// <summary>The table; constant until <see cref="Dispose"/>.</summary>
    internal ulong* Table => (ulong*)_table.Base;

    /// <inheritdoc/>
    public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
    {
        address = default;
        return TryMapAll([frame], order, direction, new Span<DeviceAddress>(ref address));
    }

    /// <inheritdoc/>
    public Errno TryMapAll(ReadOnlySpan<FrameNumber> frames, int order, DmaDirection direction, Span<DeviceAddress> addresses)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, LargestOrder);
        foreach (FrameNumber frame in frames)
        {
            DemandFrames(frame, 1UL << order);
        }

        addresses = addresses[..frames.Length];
        long pages = (long)frames.Length << order;
        using (_lock.Enter())
        {
            if ((ulong)(_mapped + pages) > _limit || !_addresses.TryTake(order, addresses))
            {
                return Errno.ENOMEM;
            }

            _mapped += pages;
        }

        // Nobody else knows the addresses yet, so their entries need no lock.
        ulong rights = direction == DmaDirection.ToDevice ? ReadRight : ReadRight | WriteRight;
        for (int i = 0; i < frames.Length; i++)
        {
            Enter(EntriesFrom(addresses[i].Value >> Page.Shift, order), frames[i], rights);
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public void Unmap(DeviceAddress address, int order)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, LargestOrder);
        ulong first = address.Value >> Page.Shift;
        using (_lock.Enter())
        {
            if (!Page.IsAligned(address.Value) || !_addresses.TryGive(first, order))
            {
                throw new ArgumentException($"No block of order {order} is mapped at {address}.", nameof(address));
            }

            EntriesFrom(first, order).Clear();
            _mapped -= 1L << order;
        }
    }

    /// <summary>Looks a device address up as an access does.</summary>
    /// <param name="address">Any number.</param>
    /// <param name="rights"><see cref="ReadRight"/> or <see cref="WriteRight"/>.</param>
    /// <param name="at">The byte in system memory; those up to the end of its page follow.</param>
    internal bool TryReach(ulong address, ulong rights, out byte* at)
    {
        at = null;
        ulong page = address >> Page.Shift;
        if (page >= PageCount)
        {
            return false;
        }

        ulong entry = SharedWord.Read(ref Entry(page));
        if ((entry & rights) != rights)
        {
            return false;
        }

        // SAFETY: entries hold frames of this memory only.
        at = _memory.Base + (entry & ~Page.OffsetMask) + (address & Page.OffsetMask);
        return true;
    }

    /// <summary>Looks device addresses up that follow each other, as far as their bytes do.</summary>
    /// <param name="address">Any number.</param>
    /// <param name="rights"><see cref="ReadRight"/> or <see cref="WriteRight"/>.</param>
    /// <param name="size">Number of bytes that are wanted, at least 1; on return of those that are there.</param>
    /// <param name="at">The first byte in system memory.</param>
    /// <returns>False when the first one is not to be reached.</returns>
    internal bool TryReachRun(ulong address, ulong rights, ref ulong size, out byte* at)
    {
        if (!TryReach(address, rights, out at))
        {
            return false;
        }

        ulong found = Page.Size - (address & Page.OffsetMask);
        while (found < size && TryReach(unchecked(address + found), rights, out byte* next) && next == at + found)
        {
            found += Page.Size;
        }

        size = Math.Min(size, found);
        return true;
    }

    /// <summary>Gives the table back; no access may run any more.</summary>
    public void Dispose() => _table.Dispose();

    private void DemandFrames(FrameNumber frame, ulong count)
    {
        if (frame.Value >= _memory.FrameCount || count > _memory.FrameCount - frame.Value)
        {
            throw new ArgumentOutOfRangeException(
                nameof(frame), frame.ToString(), $"{count} frames from there pass the {_memory.FrameCount} of the memory.");
        }
    }

    /// <summary>Writes the entries of a block, which nobody knows yet: those behind the first by plain writes, before it.</summary>
    private static void Enter(Span<ulong> entries, FrameNumber frame, ulong rights)
    {
        ulong first = (frame.Value << Page.Shift) | rights;
        ulong entry = first;
        for (int i = 1; i < entries.Length; i++)
        {
            entry += Page.Size;
            entries[i] = entry;
        }

        SharedWord.Write(ref entries[0], first);
    }

    // SAFETY: blocks come from the pool, which ends at PageCount, the length of the table.
    private Span<ulong> EntriesFrom(ulong page, int order) => new(Table + page, 1 << order);

    // SAFETY: page numbers come from the pool, which ends at PageCount, the length of the table.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong Entry(ulong page) => ref Table[page];
}
