using System.Runtime.CompilerServices;
using GpuSvm.Core;
using GpuSvm.Live;

namespace GpuSvm;

/// <content>Memory that the process has already: of malloc, of a stack.</content>
public sealed partial class SvmSession
{
    /// <summary>Shares private memory that this process has already: of <c>malloc</c>, of <see cref="System.Runtime.InteropServices.NativeMemory"/>, of a stack.</summary>
    /// <param name="address">The first byte; it need not be aligned.</param>
    /// <param name="size">Number of bytes; at least 1.</param>
    /// <returns>Ends the sharing when it is disposed of; the session's end does so for all.</returns>
    /// <remarks>
    /// <para>
    /// Whole pages are shared, outwards: what else lies in the first and the last moves along, and its bytes stay right. The bytes are
    /// neither copied nor moved to another address. Memory that is freed meanwhile is followed; <c>mremap</c> (a <c>realloc</c> of a large
    /// block) of it ends the process with one line.
    /// </para>
    /// <para>
    /// While a device or a system call of another thread reads into the memory (O_DIRECT, vmsplice, pinned buffers of a ring) no kernel may
    /// use it: the kernel gives such a page away without a word, and what arrives is lost. See docs/live.md.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// It is memory of the garbage collector, which moves objects and would meet the GPU's stores in the middle of that; allocate with
    /// <see cref="Allocate"/> or NativeMemory instead.
    /// </exception>
    /// <exception cref="SvmException">
    /// EOPNOTSUPP: it is not private anonymous memory, or is locked, or the session's strategy is not
    /// <see cref="MirrorStrategy.SizedRanges"/>, or EVENT_FORK is not among the <see cref="Features"/>; ENOMEM: the heap's limit is reached; EPERM, ENOSYS: the system allows no io_uring.
    /// </exception>
    public AdoptedMemory Adopt(VirtualAddress address, ByteSize size)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        ArgumentOutOfRangeException.ThrowIfZero(size.Bytes, nameof(size));
        if (!AddressRange.TryFromLength(address, size.Bytes, out AddressRange range))
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, $"{size} at {address} pass the end of all addresses.");
        }

        if (IsOfCollector(address) || IsOfCollector(range.End.Value - 1))
        {
            throw new ArgumentException(
                $"{address} is memory of the garbage collector, which moves objects: allocate by SvmSession.Allocate or NativeMemory.", nameof(address));
        }

        return new AdoptedMemory(this, _client.Adopt(address, size.Bytes));
    }

    /// <summary>Ends the sharing of adopted memory; after the session's end it is over already.</summary>
    internal void GiveBack(AdoptedMemory memory)
    {
        if (_disposed == 0)
        {
            _client.GiveBack(memory.Id);
        }
    }

    /// <summary>True for an address in the garbage collector's heap.</summary>
    /// <remarks>
    /// The collector says int.MaxValue for what lies outside of its heap, by the address alone: nothing is read there, and a reference to
    /// what lies outside it passes over, should it run at this moment.
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsOfCollector(VirtualAddress address)
    {
        nint value = unchecked((nint)address.Value) & ~(nint)7;
        return GC.GetGeneration(Unsafe.As<nint, object>(ref value)) != int.MaxValue;
    }
}
