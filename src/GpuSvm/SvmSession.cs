using GpuSvm.Core;
using GpuSvm.Live;

namespace GpuSvm;

/// <summary>This process, sharing memory with a GPU: what a pointer into a buffer means here, it means in a kernel.</summary>
/// <remarks>
/// <para>
/// The GPU, the driver and the memory's page frames live in another process, the engine, which serves page faults of this one through
/// userfaultfd; a third, the guard, ends this process should the engine die. Without a GPU this gives semantics, not speed.
/// </para>
/// <para>
/// Buffers are shared memory. They may be unmapped by any means, whole or in part; <c>madvise</c> with DONTNEED or REMOVE discards. Not
/// followed yet: <c>mremap</c> ends the process with one line, <c>mprotect</c> binds the CPU alone, and children made by <c>fork</c> do
/// not have the buffers. See docs/live.md.
/// </para>
/// <para>Thread-safe, but for <see cref="DisposeAsync"/>, after which no buffer may be used.</para>
/// </remarks>
public sealed class SvmSession : IAsyncDisposable
{
    private readonly LiveClient _client;
    private readonly AppHeap _heap;
    private int _disposed;

    private SvmSession(LiveClient client)
    {
        _client = client;
        _heap = new AppHeap(client.Ready.ProcessId);
    }

    /// <summary>Null if this machine can share live memory; else one line that names the setting that is missing.</summary>
    public static string? Missing => LiveSupport.Missing;

    /// <summary>Names of the userfaultfd features that the session uses.</summary>
    public IReadOnlyList<string> Features => _client.Ready.Features;

    /// <summary>Release of the Linux kernel.</summary>
    public string KernelRelease => _client.Ready.Kernel;

    /// <summary>Process id of the engine.</summary>
    public int EngineProcessId => _client.Ready.ProcessId;

    /// <summary>Process id of the guard, which ends this process if the engine dies.</summary>
    public int GuardProcessId => _client.GuardProcessId;

    /// <summary>Starts the engine and the guard.</summary>
    /// <param name="options">What the GPU is like.</param>
    /// <exception cref="SvmException">
    /// The machine cannot do it – the message names what is missing – or the engine does not start.
    /// </exception>
    /// <exception cref="ArgumentException">An option lies out of its range; the message names it, its value and the range.</exception>
    public static Task<SvmSession> OpenAsync(SvmOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.HeapLimit.Bytes, Page.Size, nameof(options.HeapLimit));
        var settings = new EngineSettings
        {
            Library = LiveSupport.Version,
            Seed = options.Seed,
            Sms = options.Sms,
            WarpsPerSm = options.WarpsPerSm,
            Parallel = options.Execution == ExecutionMode.Parallel,
            FaultBufferEntries = options.FaultBufferEntries,
            VideoMemoryBytes = options.VideoMemory.Bytes,
            HeapBytes = options.HeapLimit.Bytes,
        };
        string path = options.EnginePath ?? Path.Combine(AppContext.BaseDirectory, "GpuSvm.Engine.dll");
        return Background.Run("svm open", () => new SvmSession(LiveClient.Open(settings, path)));
    }

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

        AddressRange range = AddressRange.FromLength(address, Page.Count(size.Bytes) * Page.Size);
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
        ByteSize size = checked((ulong)count * SvmBuffer<T>.Stride);
        Errno error = TryMapBuffer(0, size, Protection.ReadWrite, out MappedBuffer mapped);
        return error == Errno.None
            ? new SvmBuffer<T>(this, mapped, count)
            : throw new SvmException(error, $"The process could not allocate {size}.");
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

    /// <summary>Runs a kernel; it gets pointers and faults its way through them.</summary>
    /// <typeparam name="TArgs">The kernel's arguments: a struct of addresses and numbers.</typeparam>
    /// <param name="kernel">
    /// A static async method that returns <see cref="GpuTask"/>; it runs in the engine, loaded from its assembly's file.
    /// </param>
    /// <param name="grid">Number of blocks: at least 1.</param>
    /// <param name="block">Number of threads a block: at least 1, at most 32 times <see cref="SvmOptions.WarpsPerSm"/>.</param>
    /// <param name="args">Given to every thread.</param>
    /// <returns>
    /// How the launch ended. A kernel that throws, or an access that cannot be served, ends the launch, with a report, and nothing else.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The kernel cannot run in another process: a lambda, an instance or generic method, or its assembly has no file. Or a size lies out
    /// of its range.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The session has ended.</exception>
    public async Task<LaunchResult> LaunchAsync<TArgs>(GpuKernel<TArgs> kernel, int grid, int block, TArgs args)
        where TArgs : unmanaged
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(grid);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(block);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return await _client.LaunchAsync(kernel, grid, block, args).ConfigureAwait(false);
    }

    /// <summary>What the session has counted so far.</summary>
    public Task<MachineCounters> CountersAsync()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _client.CountersAsync();
    }

    /// <summary>Where a page of this session's memory is, and who may use it how without a fault.</summary>
    /// <param name="address">Any byte of the page.</param>
    /// <exception cref="ArgumentException">It is not memory of this session.</exception>
    public Task<PageResidency> ResidencyAsync(VirtualAddress address)
    {
        Demand(AddressRange.FromLength(address, 1));
        return _client.QueryAsync(address);
    }

    /// <summary>
    /// Cancels launches, waits for them, unmaps all memory of the session and ends the engine. A second call does nothing.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        try
        {
            await _client.CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            await Background.Run("svm close", End).ConfigureAwait(false);
        }
    }

    /// <summary>Takes write access to pages away, as a tracker of changes does; the next write gets it back by a fault.</summary>
    internal Task WriteProtectAsync(VirtualAddress address, ByteSize size) => _client.WriteProtectAsync(address, size.Bytes);

    /// <summary>Gives a buffer's memory back and keeps its addresses.</summary>
    internal void Retire(MappedBuffer buffer)
    {
        if (_disposed == 0)
        {
            Errno error = _heap.Retire(buffer.Id, buffer.Range);
            if (error != Errno.None)
            {
                throw new SvmException(error, $"The buffer at {buffer.Range} could not be given back.");
            }
        }
    }

    private bool End()
    {
        try
        {
            _heap.UnmapAll();
        }
        finally
        {
            _client.Dispose();
        }

        return true;
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
