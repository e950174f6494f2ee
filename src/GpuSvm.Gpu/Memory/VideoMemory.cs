using System.Numerics;
using System.Runtime.InteropServices;

namespace GpuSvm.Gpu;

/// <summary>The GPU's own memory, committed by touch: page tables and pages of data, from one pool.</summary>
/// <remarks>Locking: a device lock of its own around what is free; the bytes are the business of those who read and write them.</remarks>
public sealed unsafe class VideoMemory : IPageTableMemory, IVideoMemory, IDisposable
{
    /// <summary>Most pages that a GPU may have of its own: 128 GiB.</summary>
    internal const ulong MaxPages = 1UL << 25;

    /// <summary>Where the memory begins among all page numbers that a translation may lead to; those of the IOMMU lie below.</summary>
    internal const ulong WindowPage = SecondLevelTlb.DevicePageLimit - MaxPages;

    /// <summary>
    /// What freed memory holds when checks are on: as a table, valid-looking entries of an aperture that no walk may follow.
    /// </summary>
    private const byte Poison = 0xdb;

    private readonly RankedLock _lock = new(LockRank.Device);

    // Its own bytes, or null where they are those of frames of the system's memory.
    private readonly NativeReservation? _own;

    // SAFETY: points into a reservation, be it the system memory's, that outlives all who reach for it.
    private readonly byte* _base;
    private readonly BuddyAllocator _pages;
    private readonly SmallBlocks _small;
    private readonly Dictionary<ulong, int> _orders = [];
    private long _allocatedBytes;
    private long _allocatedPages;
    private bool _isDisposed;

    /// <summary>Reserves the memory.</summary>
    /// <param name="size">At least two pages; the first one is never handed out.</param>
    public VideoMemory(ByteSize size)
        : this(size, firstFrame: null)
    {
        _own = new NativeReservation(size);
        _base = _own.Base;
    }

    /// <summary>Takes memory that the CPU reaches, too: frames of the system's memory, which nobody else uses.</summary>
    /// <param name="system">The system's memory, which outlives this.</param>
    /// <param name="first">The first frame.</param>
    /// <param name="size">As above.</param>
    /// <exception cref="ArgumentOutOfRangeException">The system's memory ends before.</exception>
    public VideoMemory(SystemMemory system, FrameNumber first, ByteSize size)
        : this(size, (FrameNumber?)first)
    {
        ArgumentNullException.ThrowIfNull(system);
        ulong frames = system.FrameCount;
        if (first.Value > frames || PageCount > frames - first.Value)
        {
            throw new ArgumentOutOfRangeException(nameof(first), first, $"{PageCount} frames from there pass the {frames} of the memory.");
        }

        _base = system.Base + first.Address.Value;
    }

    private VideoMemory(ByteSize size, FrameNumber? firstFrame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Bytes, 2 * Page.Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size.Bytes, MaxPages * Page.Size);
        FirstFrame = firstFrame;
        _pages = new BuddyAllocator(Page.Count(size.Bytes));
        _small = new SmallBlocks(_pages);

        // Address 0 means no table: the first page is kept, the rest of the block that it lies in goes back.
        int order = Math.Min(BitOperations.Log2(_pages.PageCount), BuddyAllocator.LargestOrder);
        bool isTaken = _pages.TryAllocate(order, out ulong first);
        Checks.That(isTaken && first == 0, "The first page lies in the lowest of the largest blocks.");
        while (order-- > 0)
        {
            _pages.Free(1UL << order, order);
        }
    }

    /// <summary>Asked before memory is given out; false has that fail. Null for never.</summary>
    internal Func<VideoAllocation, bool>? Gate { get; init; }

    /// <summary>Size in bytes.</summary>
    public ulong SizeBytes => PageCount << Page.Shift;

    /// <inheritdoc/>
    public ulong PageCount => _pages.PageCount;

    /// <inheritdoc/>
    public FrameNumber? FirstFrame { get; }

    /// <summary>Bytes that page tables have now, each rounded up to its power of two: 0 once everything is torn down.</summary>
    public long AllocatedBytes => SharedWord.Read(ref _allocatedBytes);

    /// <summary>Pages that data has now: 0 once everything is torn down.</summary>
    public long AllocatedPages => SharedWord.Read(ref _allocatedPages);

    /// <summary>The first byte, from which the SMs reach on.</summary>
    internal byte* Base => _base;

    /// <inheritdoc/>
    public Errno TryAllocate(int sizeBytes, int alignmentBytes, out ulong address)
    {
        if (!IsBlockSize(sizeBytes) || !IsBlockSize(alignmentBytes))
        {
            throw new ArgumentException(
                $"Size {sizeBytes} and alignment {alignmentBytes} must be powers of two and at least 8.", nameof(sizeBytes));
        }

        address = 0;
        if (!MayAllocate(VideoAllocation.Table))
        {
            return Errno.ENOMEM;
        }

        // A block of a power of two lies at a multiple of its size, so the larger of the two gives both.
        int order = BitOperations.Log2((uint)Math.Max(sizeBytes, alignmentBytes));
        using (_lock.Enter())
        {
            if (!TryTake(order, out address))
            {
                return Errno.ENOMEM;
            }

            _orders.Add(address, order);
            _allocatedBytes += 1L << order;
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public void Free(ulong address, int sizeBytes)
    {
        using (_lock.Enter())
        {
            if (!_orders.Remove(address, out int order) || sizeBytes > 1L << order)
            {
                throw new ArgumentException($"No block of {sizeBytes} bytes is allocated at 0x{address:x}.", nameof(address));
            }

            if (Checks.Enabled)
            {
                Bytes(address, 1 << order).Fill(Poison);
            }

            if (order < Page.Shift)
            {
                _small.Give(address, order);
            }
            else
            {
                _pages.Free(address >> Page.Shift, order - Page.Shift);
            }

            _allocatedBytes -= 1L << order;
        }
    }

    /// <inheritdoc/>
    public Errno TryAllocatePages(int order, out ulong firstPage)
    {
        firstPage = 0;
        if (!MayAllocate(VideoAllocation.Pages))
        {
            return Errno.ENOMEM;
        }

        using (_lock.Enter())
        {
            if (!_pages.TryAllocate(order, out firstPage))
            {
                return Errno.ENOMEM;
            }

            _allocatedPages += 1L << order;
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public void FreePages(ulong firstPage, int order)
    {
        using (_lock.Enter())
        {
            _pages.Free(firstPage, order);
            _allocatedPages -= 1L << order;
            for (ulong page = firstPage; Checks.Enabled && page < firstPage + (1UL << order); page++)
            {
                // Reading a page that was never touched costs no memory, filling it would.
                Span<byte> bytes = Bytes(page << Page.Shift, (int)Page.Size);
                if (bytes.ContainsAnyExcept((byte)0))
                {
                    bytes.Fill(Poison);
                }
            }
        }
    }

    /// <summary>The bytes <c>[address, address + length)</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not lie in the memory.</exception>
    public Span<byte> Bytes(ulong address, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (address > SizeBytes || (ulong)length > SizeBytes - address)
        {
            throw new ArgumentOutOfRangeException(nameof(address), address, $"{length} bytes from there pass the memory's {SizeBytes}.");
        }

        ObjectDisposedException.ThrowIf(SharedWord.Read(ref _isDisposed), this);

        // SAFETY: the range was compared with the size of the memory, which is there until Dispose.
        return new Span<byte>(_base + address, length);
    }

    /// <inheritdoc/>
    public Span<ulong> Words(ulong address, int sizeBytes) => MemoryMarshal.Cast<byte, ulong>(Bytes(address, sizeBytes));

    /// <inheritdoc/>
    public bool TryWords(ulong address, int sizeBytes, out Span<ulong> words)
    {
        if (address % sizeof(ulong) != 0 || address > SizeBytes || (ulong)sizeBytes > SizeBytes - address)
        {
            words = default;
            return false;
        }

        words = Words(address, sizeBytes);
        return true;
    }

    /// <summary>Gives the memory back; no walk may run any more.</summary>
    public void Dispose()
    {
        SharedWord.Write(ref _isDisposed, true);
        _own?.Dispose();
    }

    private static bool IsBlockSize(int size) => size >= sizeof(ulong) && BitOperations.IsPow2(size);

    private bool MayAllocate(VideoAllocation what) => Gate is not { } gate || gate(what);

    private bool TryTake(int order, out ulong address)
    {
        if (order < Page.Shift)
        {
            return _small.TryTake(order, out address);
        }

        bool isTaken = _pages.TryAllocate(order - Page.Shift, out ulong page);
        address = page << Page.Shift;
        return isTaken;
    }
}
