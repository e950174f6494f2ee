using GpuSvm.Core;
using GpuSvm.Driver;
using GpuSvm.Mm;

namespace GpuSvm;

/// <summary>A process of a simulated machine: an address space that its CPU threads and the GPU share.</summary>
/// <remarks>Thread-safe, but each CPU thread is used by one thread at a time.</remarks>
public sealed class SimulatedProcess : IDisposable
{
    private readonly Machine _machine;
    private readonly SvmDriver _driver;
    private readonly SimulatedCpu _cpu;

    internal SimulatedProcess(Machine machine, SvmDriver driver, SvmClient client, SimulatedCpu cpu)
    {
        _machine = machine;
        _driver = driver;
        Client = client;
        _cpu = cpu;
    }

    internal SvmClient Client { get; }

    private AddressSpace Mm => Client.Mm;

    /// <summary>Maps zeroed memory at an address of the address space's choice.</summary>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <param name="protection">What the program may do with it, on the CPU and on the GPU.</param>
    /// <returns>Address of the first byte: a multiple of 4096. No memory is used until it is touched.</returns>
    /// <exception cref="SvmException">EINVAL for size 0, ENOMEM when no room is left.</exception>
    public VirtualAddress Map(ByteSize size, Protection protection)
    {
        Errno error = TryMap(0, size, protection, MapPlacement.Anywhere, out VirtualAddress address);
        ThrowIfFailed(error, $"map {size}");
        return address;
    }

    /// <summary>Maps zeroed memory.</summary>
    /// <param name="hint">The address wished for, as <paramref name="placement"/> says; a multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <param name="protection">What the program may do with it.</param>
    /// <param name="placement">Whether the address is a hint or a must.</param>
    /// <param name="address">Address of the first byte.</param>
    /// <returns>What mmap answers: EINVAL, ENOMEM, EEXIST; then nothing has changed.</returns>
    public Errno TryMap(VirtualAddress hint, ByteSize size, Protection protection, MapPlacement placement, out VirtualAddress address) =>
        Mm.Map(hint, size.Bytes, protection, placement, out address);

    /// <summary>Unmaps memory; neither a CPU thread nor the GPU can reach it any more when this returns.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1. Holes are fine.</param>
    /// <exception cref="SvmException">EINVAL for a size of 0, an unaligned address or a range that leaves the address space.</exception>
    public void Unmap(VirtualAddress address, ByteSize size) => ThrowIfFailed(TryUnmap(address, size), $"unmap {size} at {address}");

    /// <summary>Unmaps memory; returns what munmap answers.</summary>
    public Errno TryUnmap(VirtualAddress address, ByteSize size) => Mm.Unmap(address, size.Bytes);

    /// <summary>Changes what the program may do with memory, on the CPU and on the GPU, from the moment this returns.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages.</param>
    /// <param name="protection">The new rights.</param>
    /// <exception cref="SvmException">EINVAL for an unaligned address, ENOMEM when part of the range is not mapped.</exception>
    public void Protect(VirtualAddress address, ByteSize size, Protection protection) =>
        ThrowIfFailed(TryProtect(address, size, protection), $"protect {size} at {address}");

    /// <summary>Changes what the program may do with memory; returns what mprotect answers.</summary>
    public Errno TryProtect(VirtualAddress address, ByteSize size, Protection protection) => Mm.Protect(address, size.Bytes, protection);

    /// <summary>Resizes memory or moves it to another address, with its bytes; the CPU and the GPU find it there when this returns.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages, all of one mapping.</param>
    /// <param name="newSize">Number of bytes afterwards.</param>
    /// <param name="flags">Whether it may move, and must.</param>
    /// <param name="newAddress">Where to, as <paramref name="flags"/> says.</param>
    /// <param name="result">Where it is now.</param>
    /// <returns>What mremap answers: EINVAL, EFAULT, ENOMEM; then nothing has changed.</returns>
    public Errno TryRemap(
        VirtualAddress address, ByteSize size, ByteSize newSize, RemapFlags flags, VirtualAddress newAddress, out VirtualAddress result) =>
        Mm.Remap(address, size.Bytes, newSize.Bytes, flags, newAddress, out result);

    /// <summary>Says something of memory: that its bytes are not needed, that huge pages are wanted, that it is wanted now.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages.</param>
    /// <param name="advice">What is said.</param>
    /// <returns>What madvise answers: EINVAL, ENOMEM; then nothing has changed.</returns>
    public Errno TryAdvise(VirtualAddress address, ByteSize size, Advice advice) => Mm.Advise(address, size.Bytes, advice);

    /// <summary>Says where memory shall live while the GPU uses it. It holds at the GPU's next touch; nothing moves before.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1. All of it is mapped.</param>
    /// <param name="advice">What is said; <see cref="MemoryAdvice.None"/> takes it back.</param>
    /// <exception cref="SvmException">As <see cref="TryAdvise(VirtualAddress, ByteSize, MemoryAdvice)"/> answers.</exception>
    public void Advise(VirtualAddress address, ByteSize size, MemoryAdvice advice) =>
        ThrowIfFailed(TryAdvise(address, size, advice), $"advise {size} at {address}");

    /// <summary>As <see cref="Advise"/>; it is forgotten in what is unmapped or moved to other addresses, and no child inherits it.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <param name="advice">What is said.</param>
    /// <returns>
    /// None; EINVAL for an unaligned or empty range, or one that the GPU cannot reach; ENOMEM when not all of it is mapped, or too much is
    /// said. Then nothing has changed.
    /// </returns>
    public Errno TryAdvise(VirtualAddress address, ByteSize size, MemoryAdvice advice) =>
        AddressRange.TryFromLength(address, Page.Count(size.Bytes) * Page.Size, out AddressRange range)
            ? _driver.TryAdvise(Client, range, advice)
            : Errno.EINVAL;

    /// <summary>What was said of memory by <see cref="Advise"/>.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages.</param>
    /// <returns>Runs of pages of which the same was said, in order; they cover the range.</returns>
    /// <exception cref="ArgumentException">The range is unaligned or leaves the address space.</exception>
    public IReadOnlyList<AdviceRun> GetAdvice(VirtualAddress address, ByteSize size) =>
        _driver.GetAdvice(Client, AddressRange.FromLength(address, Page.Count(size.Bytes) * Page.Size));

    /// <summary>Starts a child with the same memory: what one of the two writes the other does not see.</summary>
    /// <returns>The child, joined to the GPU; it has launches and CPU threads of its own.</returns>
    /// <exception cref="SvmException">As <see cref="TryFork"/> answers.</exception>
    public SimulatedProcess Fork()
    {
        Errno error = TryFork(out SimulatedProcess? child);
        ThrowIfFailed(error, "fork");
        return child!;
    }

    /// <summary>Starts a child with the same memory; private pages are copied when one of the two writes them, on the CPU or on the GPU.</summary>
    /// <param name="child">The child; null on failure.</param>
    /// <returns>What fork answers: ENOMEM, EBUSY; then there is no child.</returns>
    public Errno TryFork(out SimulatedProcess? child) => _machine.TryFork(Mm, out child);

    /// <summary>Where the pages of a range are, how often they are mapped, and what the CPU may do with them.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <returns>Runs of pages of which the same holds, in order; they cover the range, also where nothing is mapped.</returns>
    /// <exception cref="ArgumentException">The range is empty, unaligned or leaves the address space.</exception>
    /// <remarks>What it says may be out of date at once while other threads run.</remarks>
    public IReadOnlyList<ResidencyRun> Residency(VirtualAddress address, ByteSize size) =>
        Mm.Residency(AddressRange.FromLength(address, Page.Count(size.Bytes) * Page.Size));

    /// <summary>The ranges that the GPU's driver has made for this process, and where their pages are.</summary>
    /// <returns>In order of address; none unless the machine's strategy is <see cref="MirrorStrategy.SizedRanges"/>.</returns>
    /// <exception cref="ObjectDisposedException">The process has ended.</exception>
    /// <remarks>As <see cref="Residency"/>: exact while nothing runs.</remarks>
    public IReadOnlyList<RangeResidency> Ranges() => RangeResidency.Of(_driver.ResidencyOf(Client));

    /// <summary>Moves memory to the GPU's own memory, also pages that were not touched yet. The CPU brings home what it touches.</summary>
    /// <param name="address">Rounded down to a page.</param>
    /// <param name="size">Number of bytes, at least 1; the end is rounded up. Holes are passed over.</param>
    /// <param name="pages">Number of 4 KiB pages that have moved. Those that are locked, pinned or there already are passed over.</param>
    /// <returns>
    /// None; EINVAL for an empty range, one that passes the end of the addresses, special memory, or a process that has ended; ENOMEM when the
    /// GPU's memory is full; EIO, ETIMEDOUT when a copy failed. What has moved before stays there.
    /// </returns>
    public Errno TryMigrateToDevice(VirtualAddress address, ByteSize size, out long pages)
    {
        pages = 0;
        if (!AddressRange.TryFromLength(address, size.Bytes, out AddressRange range))
        {
            return Errno.EINVAL;
        }

        BindResult result = _driver.Bind(Client, BindRequest.Migrate(range.Start, range.End));
        pages = result.Pages;
        return result.Error;
    }

    /// <summary>One of the process's CPU threads, to read and write its memory with.</summary>
    /// <param name="index">0 to <see cref="MachineOptions.CpuThreads"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    public CpuThread Cpu(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _cpu.ThreadCount);
        return _cpu.Thread(index);
    }

    /// <summary>Ends the process: its launches are cancelled, all its memory is freed. Idempotent.</summary>
    public void Dispose()
    {
        _driver.Close(Client);
        Checks.That(Mm.Notifiers.Count == 0, "No notifier is left when a process has parted from the GPU.");
        Mm.Dispose();
        _machine.Forget(this);
    }

    private static void ThrowIfFailed(Errno error, string what)
    {
        if (error != Errno.None)
        {
            throw new SvmException(error, $"The process could not {what}.");
        }
    }
}
