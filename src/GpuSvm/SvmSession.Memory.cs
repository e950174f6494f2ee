using GpuSvm.Core;
using GpuSvm.Live;

namespace GpuSvm;

/// <content>Memory: mapped, unmapped, and seen as spans.</content>
public sealed partial class SvmSession
{
    /// <summary>Maps zeroed memory that the GPU shares.</summary>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <param name="protection">What the program may do with it, on the CPU and on the GPU.</param>
    /// <returns>Address of the first byte: a multiple of 4096. No memory is used until it is touched.</returns>
    /// <exception cref="SvmException">EINVAL for size 0, ENOMEM when no room is left.</exception>
    public VirtualAddress Map(ByteSize size, Protection protection)
    {
        Errno error = TryMap(0, size, protection, out VirtualAddress address);
        return error == Errno.None ? address : throw new SvmException(error, $"The process could not map {size}.");
    }

    /// <summary>Maps zeroed memory that the GPU shares.</summary>
    /// <param name="hint">The address wished for, as mmap takes it: taken if it is free; 0 for none.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <param name="protection">What the program may do with it.</param>
    /// <param name="address">Address of the first byte.</param>
    /// <returns>EINVAL, ENOMEM; then nothing has changed.</returns>
    public Errno TryMap(VirtualAddress hint, ByteSize size, Protection protection, out VirtualAddress address)
    {
        Errno error = TryMapBuffer(hint, size, protection, out MappedBuffer mapped);
        address = mapped.Range.Start;
        return error;
    }

    /// <summary>Unmaps memory; the GPU is told before anything else is done for this process.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <exception cref="ArgumentException">The address is not aligned, or a part of the range is not memory of this session.</exception>
    /// <exception cref="SvmException">What munmap refuses with.</exception>
    public void Unmap(VirtualAddress address, ByteSize size)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (!Page.IsAligned(address))
        {
            throw new ArgumentException($"{address} is not a multiple of {Page.Size}.", nameof(address));
        }

        if (!TryPages(address, size, out AddressRange range))
        {
            throw new ArgumentOutOfRangeException(nameof(size), size.Bytes, $"From {address} on no {size.Bytes} bytes can be unmapped.");
        }

        Errno error = _heap.Unmap(range);
        if (error == Errno.ENOENT)
        {
            throw new ArgumentException($"{range} is not, or no longer, memory of this session.", nameof(address));
        }

        if (error != Errno.None)
        {
            throw new SvmException(error, $"The process could not unmap {size} at {address}.");
        }
    }

    /// <summary>Allocates zeroed memory for values.</summary>
    /// <typeparam name="T">Their type.</typeparam>
    /// <param name="count">Number of values: at least 1.</param>
    /// <returns>The buffer; disposing of it gives the memory back.</returns>
    /// <exception cref="SvmException">ENOMEM when no room is left.</exception>
    public SvmBuffer<T> Allocate<T>(long count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        MappedBuffer mapped = default;
        Errno error = (ulong)count > ulong.MaxValue / SvmBuffer<T>.Stride
            ? Errno.ENOMEM
            : TryMapBuffer(0, (ulong)count * SvmBuffer<T>.Stride, Protection.ReadWrite, out mapped);
        return error == Errno.None
            ? new SvmBuffer<T>(this, mapped, count)
            : throw new SvmException(error, $"The process could not allocate {count} values of {SvmBuffer<T>.Stride} bytes.");
    }

    /// <summary>Memory of this session as a span: plain memory, used without any call.</summary>
    /// <param name="address">Address of the first value.</param>
    /// <param name="count">Number of values.</param>
    /// <returns>The span; good until the memory is unmapped, which nobody checks afterwards.</returns>
    /// <exception cref="ArgumentException">A part of it is not memory of this session.</exception>
    public Span<T> Span<T>(VirtualAddress address, int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Demand(AddressRange.FromLength(address, (ulong)count * SvmBuffer<T>.Stride));
        return AppMemory.Span<T>(address, count);
    }

    /// <summary>Maps memory, and tells which buffer it is.</summary>
    internal Errno TryMapBuffer(VirtualAddress hint, ByteSize size, Protection protection, out MappedBuffer mapped)
    {
        mapped = default;
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (size.Bytes == 0 || (protection & ~Protection.ReadWrite) != 0)
        {
            return Errno.EINVAL;
        }

        if (size.Bytes > long.MaxValue)
        {
            return Errno.ENOMEM;
        }

        ulong bytes = Page.Count(size.Bytes) * Page.Size;
        Errno error = _client.TryMap(hint, bytes, protection, out mapped);
        if (error == Errno.None)
        {
            _heap.Add(mapped.Range);
        }

        return error;
    }

    /// <summary>Gives a buffer's memory back and keeps its addresses.</summary>
    internal void Retire(MappedBuffer buffer)
    {
        if (_disposed == 0)
        {
            Errno error = _heap.Retire(buffer.Id);
            if (error != Errno.None)
            {
                throw new SvmException(error, $"The buffer at {buffer.Range} could not be given back.");
            }
        }
    }

    private void Demand(AddressRange range)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (!_heap.Contains(range))
        {
            throw new ArgumentException($"{range} is not, or no longer, memory of this session.", nameof(range));
        }
    }
}
