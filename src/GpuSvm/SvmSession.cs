using GpuSvm.Core;
using GpuSvm.Live;
using GpuSvm.Telemetry;

namespace GpuSvm;

/// <summary>This process, sharing memory with a GPU: what a pointer into a buffer means here, it means in a kernel.</summary>
/// <remarks>
/// <para>
/// The GPU, the driver and the memory's page frames live in another process, the engine, which serves page faults of this one through
/// userfaultfd; a third, the guard, ends this process should the engine die. Without a GPU this gives semantics, not speed.
/// </para>
/// <para>
/// Buffers are shared memory. They may be unmapped and moved by any means, whole or in part; <c>madvise</c> with DONTNEED or REMOVE
/// discards, for all that map them; children made by <c>fork</c> share them. <c>mprotect</c> binds the CPU alone. See docs/live.md.
/// </para>
/// <para>Thread-safe, but for <see cref="DisposeAsync"/>, after which no buffer may be used.</para>
/// </remarks>
public sealed partial class SvmSession : IAsyncDisposable
{
    private readonly LiveClient _client;
    private readonly AppHeap _heap;
    private readonly EventFetcher? _fetcher;
    private int _disposed;

    private SvmSession(LiveClient client, EventStream? events)
    {
        _client = client;
        _heap = new AppHeap(client.Ready.ProcessId);
        _fetcher = events is null ? null : new EventFetcher(client, events);
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
        EngineSettings settings = options.ToSettings();
        string path = options.EnginePath ?? Path.Combine(AppContext.BaseDirectory, "GpuSvm.Engine.dll");
        return Background.Run("svm open", () => new SvmSession(LiveClient.Open(settings, path), options.Events));
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
    /// <exception cref="SvmException">
    /// Adopted memory has no room at home: it is the GPU's and the process's still, and this can be tried again; or the engine has ended.
    /// </exception>
    public async ValueTask DisposeAsync()
    {
        if (SharedWord.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        catch (Exception refused) when (refused is RefusedException or ArgumentException)
        {
            // The engine stays, and the guard: without them the kernel would fill pages that are not at home with zeros.
            SharedWord.Write(ref _disposed, 0);
            throw;
        }
        catch
        {
            await Background.Run("svm close", End).ConfigureAwait(false);
            throw;
        }

        await Background.Run("svm close", End).ConfigureAwait(false);
    }

    private async Task CloseAsync()
    {
        try
        {
            await _client.CloseAsync().ConfigureAwait(false);
        }
        catch (RefusedException)
        {
            // There may be room where the buffers were.
            await Background.Run("svm unmap", UnmapAll).ConfigureAwait(false);
            await _client.CloseAsync().ConfigureAwait(false);
        }
    }

    private bool UnmapAll()
    {
        _heap.UnmapAll();
        return true;
    }

    /// <summary>Takes write access to pages away, as a tracker of changes does; the next write gets it back by a fault.</summary>
    internal Task WriteProtectAsync(VirtualAddress address, ByteSize size) => _client.WriteProtectAsync(address, size.Bytes);

    private bool End()
    {
        _fetcher?.Stop();
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
}
