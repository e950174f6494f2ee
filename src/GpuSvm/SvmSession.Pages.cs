using GpuSvm.Core;
using GpuSvm.Driver;
using GpuSvm.Live;

namespace GpuSvm;

/// <content>What the program says of its pages, and asks about them.</content>
public sealed partial class SvmSession
{
    /// <summary>Changes what the program may do with memory, on the CPU and on the GPU, from the moment this returns.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <param name="protection">The new rights.</param>
    /// <exception cref="SvmException">As <see cref="TryProtect"/> answers.</exception>
    public void Protect(VirtualAddress address, ByteSize size, Protection protection) =>
        ThrowIfFailed(TryProtect(address, size, protection), $"protect {size} at {address}");

    /// <summary>Changes what the program may do with memory; plain <c>mprotect</c> binds the CPU alone.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <param name="protection">The new rights.</param>
    /// <returns>
    /// None; EINVAL for an unaligned or empty range, or rights that are none; ENOMEM when a part of it is not memory of this session: then
    /// nothing has changed. ENOMEM, too, when there are too many mappings: then the CPU may have the new rights and the GPU the old.
    /// </returns>
    public Errno TryProtect(VirtualAddress address, ByteSize size, Protection protection)
    {
        Errno error = Find(address, size, out AddressRange range);
        if (error != Errno.None || (protection & ~Protection.ReadWrite) != 0)
        {
            return error == Errno.None ? Errno.EINVAL : error;
        }

        // First the CPU: a fault of it takes over the rights that the kernel knows.
        error = AppMemory.Protect(range.Start, range.Length, protection);
        return error == Errno.None ? Answer(() => _client.Protect(range, protection)) : error;
    }

    /// <summary>Says where memory shall live while the GPU uses it. It holds at the GPU's next touch; nothing moves before.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <param name="advice">What is said; <see cref="MemoryAdvice.None"/> takes it back.</param>
    /// <exception cref="SvmException">As <see cref="TryAdvise"/> answers.</exception>
    public void Advise(VirtualAddress address, ByteSize size, MemoryAdvice advice) =>
        ThrowIfFailed(TryAdvise(address, size, advice), $"advise {size} at {address}");

    /// <summary>As <see cref="Advise"/>; it is forgotten in what is unmapped.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <param name="advice">What is said.</param>
    /// <returns>
    /// None; EINVAL for an unaligned or empty range; ENOMEM when a part of it is not memory of this session, or too much is said. Then
    /// nothing has changed.
    /// </returns>
    public Errno TryAdvise(VirtualAddress address, ByteSize size, MemoryAdvice advice)
    {
        Errno error = Find(address, size, out AddressRange range);
        return error == Errno.None ? Answer(() => _client.Advise(range, advice)) : error;
    }

    /// <summary>What was said of memory by <see cref="Advise"/>.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <returns>Runs of pages of which the same was said, in order; they cover the range.</returns>
    /// <exception cref="ArgumentException">The range is unaligned, or not memory of this session.</exception>
    public IReadOnlyList<AdviceRun> GetAdvice(VirtualAddress address, ByteSize size) => _client.GetAdvice(DemandPages(address, size));

    /// <summary>Moves memory to the GPU's own memory. The CPU brings home what it touches.</summary>
    /// <param name="address">Rounded down to a page.</param>
    /// <param name="size">Number of bytes, at least 1; the end is rounded up.</param>
    /// <returns>
    /// How many pages have moved, and the first error. Pages that are pinned or there already are passed over.
    /// EINVAL for an empty range; ENOMEM when the GPU's memory is full; EIO, ETIMEDOUT when a copy failed. What has moved before stays
    /// there.
    /// </returns>
    public async Task<MigrationResult> TryMigrateToDeviceAsync(VirtualAddress address, ByteSize size)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return TryWholePages(address, size, out AddressRange range)
            ? await _client.MigrateAsync(range).ConfigureAwait(false)
            : new MigrationResult(0, Errno.EINVAL);
    }

    /// <summary>Brings memory home from the GPU and keeps it there, so that it can be given to what knows nothing of faults.</summary>
    /// <param name="address">Rounded down to a page.</param>
    /// <param name="size">Number of bytes, at least 1; the end is rounded up.</param>
    /// <returns>What lets the pages move again when it is disposed; the end of the session does that too.</returns>
    /// <exception cref="ArgumentException">The range is empty, or not memory of this session.</exception>
    /// <exception cref="SvmException">
    /// EFAULT where it may not be read, ENOMEM, or EBUSY when a page was moved all the time; then nothing is pinned.
    /// </exception>
    /// <remarks>Every page gets memory. The GPU goes on using the pages where they are; several pins of one page add up.</remarks>
    public IDisposable Pin(VirtualAddress address, ByteSize size)
    {
        if (!TryWholePages(address, size, out AddressRange range))
        {
            throw new ArgumentOutOfRangeException(nameof(size), size.Bytes, $"From {address} on no {size.Bytes} bytes can be pinned.");
        }

        Demand(range);
        return new PinnedPages(this, _client.Pin(range));
    }

    /// <summary>Where the pages of a range are, and who may use them how without a fault.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <returns>Runs of pages of which the same holds, in order; they cover the range.</returns>
    /// <exception cref="ArgumentException">The range is empty, unaligned, or not memory of this session.</exception>
    /// <remarks>What it says may be out of date at once while other threads or the GPU run.</remarks>
    public Task<IReadOnlyList<PageResidencyRun>> ResidencyAsync(VirtualAddress address, ByteSize size) =>
        _client.ResidencyAsync(DemandPages(address, size));

    /// <summary>The ranges that the GPU's driver has made for this process, and where their pages are.</summary>
    /// <returns>In order of address; none unless the strategy is <see cref="MirrorStrategy.SizedRanges"/>.</returns>
    /// <remarks>Exact while nothing runs.</remarks>
    public async Task<IReadOnlyList<RangeResidency>> RangesAsync()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return RangeResidency.Of(await _client.RangesAsync().ConfigureAwait(false));
    }

    /// <summary>Lets pages move again; after the session's end they do so already.</summary>
    internal void Unpin(long pin)
    {
        if (_disposed == 0)
        {
            _client.Unpin(pin);
        }
    }

    /// <summary>The pages that hold bytes.</summary>
    /// <returns>False if there is none, or they pass the end of the 64-bit range.</returns>
    private static bool TryWholePages(VirtualAddress address, ByteSize size, out AddressRange range)
    {
        VirtualAddress start = Page.AlignDown(address);
        range = default;
        return size.Bytes != 0
            && AddressRange.TryFromLength(address, size.Bytes, out AddressRange bytes) && TryPages(start, bytes.End - start, out range);
    }

    /// <summary>Whole pages from an address on.</summary>
    /// <returns>False for an unaligned address, no byte, or more than there can be.</returns>
    private static bool TryPages(VirtualAddress address, ByteSize size, out AddressRange range)
    {
        range = default;
        return Page.IsAligned(address) && size.Bytes is > 0 and <= long.MaxValue
            && AddressRange.TryFromLength(address, Page.Count(size.Bytes) * Page.Size, out range);
    }

    private static void ThrowIfFailed(Errno error, string action)
    {
        if (error != Errno.None)
        {
            throw new SvmException(error, $"The process could not {action}.");
        }
    }

    /// <summary>What the engine answers, as an error code.</summary>
    private static Errno Answer(Action ask)
    {
        try
        {
            ask();
            return Errno.None;
        }
        catch (RefusedException refused)
        {
            return refused.Error;
        }
    }

    private Errno Find(VirtualAddress address, ByteSize size, out AddressRange range)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return !TryPages(address, size, out range) ? Errno.EINVAL : _heap.Contains(range) ? Errno.None : Errno.ENOMEM;
    }

    private AddressRange DemandPages(VirtualAddress address, ByteSize size)
    {
        if (!TryPages(address, size, out AddressRange range))
        {
            throw new ArgumentException($"{size} at {address} are not whole pages.", nameof(address));
        }

        Demand(range);
        return range;
    }
}
