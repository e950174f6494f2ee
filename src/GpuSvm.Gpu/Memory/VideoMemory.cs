using System.Numerics;
using System.Runtime.InteropServices;

namespace GpuSvm.Gpu;

/// <summary>The GPU's own memory, as far as page tables use it: raw bytes in blocks of powers of two, committed by touch.</summary>
/// <remarks>Locking: a device lock of its own around the free lists; the bytes are the business of those who read and write them.</remarks>
public sealed class VideoMemory : IPageTableMemory, IDisposable
{
    private const int SmallestOrder = 3;

    /// <summary>What freed tables hold when checks are on: valid-looking entries of an aperture that no walk may follow.</summary>
    private const byte Poison = 0xdb;

    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly NativeReservation _bytes;
    private readonly Stack<ulong>[] _free = new Stack<ulong>[64];
    private readonly Dictionary<ulong, int> _orders = [];
    private ulong _next = Page.Size;
    private long _allocatedBytes;

    /// <summary>Reserves the memory.</summary>
    /// <param name="size">At least two pages; the first one is never handed out.</param>
    public VideoMemory(ByteSize size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Bytes, 2 * Page.Size);
        _bytes = new NativeReservation(size);
    }

    /// <summary>Size in bytes.</summary>
    public ulong SizeBytes => _bytes.SizeBytes;

    /// <summary>Bytes that are allocated now, each block rounded up to its power of two: 0 once everything is torn down.</summary>
    public long AllocatedBytes => SharedWord.Read(ref _allocatedBytes);

    /// <inheritdoc/>
    public Errno TryAllocate(int sizeBytes, int alignmentBytes, out ulong address)
    {
        if (!IsBlockSize(sizeBytes) || !IsBlockSize(alignmentBytes))
        {
            throw new ArgumentException(
                $"Size {sizeBytes} and alignment {alignmentBytes} must be powers of two and at least 8.", nameof(sizeBytes));
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
                _bytes.Bytes(address, 1 << order).Fill(Poison);
            }

            (_free[order] ??= new Stack<ulong>()).Push(address);
            _allocatedBytes -= 1L << order;
        }
    }

    /// <inheritdoc/>
    public Span<ulong> Words(ulong address, int sizeBytes) => MemoryMarshal.Cast<byte, ulong>(_bytes.Bytes(address, sizeBytes));

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
    public void Dispose() => _bytes.Dispose();

    private static bool IsBlockSize(int size) => size >= sizeof(ulong) && BitOperations.IsPow2(size);

    private bool TryTake(int order, out ulong address)
    {
        if (_free[order] is { } free && free.TryPop(out address))
        {
            return true;
        }

        ulong size = 1UL << order;
        address = (_next + size - 1) & ~(size - 1);
        if (address > SizeBytes || size > SizeBytes - address)
        {
            address = 0;
            return false;
        }

        GiveGap(_next, address);
        _next = address + size;
        return true;
    }

    /// <summary>Puts the bytes that alignment skipped on the free lists.</summary>
    private void GiveGap(ulong start, ulong end)
    {
        while (start < end)
        {
            int order = BitOperations.TrailingZeroCount(start);
            while (order >= SmallestOrder && 1UL << order > end - start)
            {
                order--;
            }

            (_free[order] ??= new Stack<ulong>()).Push(start);
            start += 1UL << order;
        }
    }
}
