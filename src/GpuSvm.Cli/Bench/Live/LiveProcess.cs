using System.Runtime.CompilerServices;
using GpuSvm.Driver;

namespace GpuSvm.Cli.Bench.Live;

/// <summary>This process, with a GPU beside it: what is measured of it, in nanoseconds of one operation.</summary>
internal sealed class LiveProcess : IAsyncDisposable
{
    private const int Launches = 16;
    private const int Maps = 16;
    private const int MostMoves = 10;
    private const int Block = 32;

    private const ulong BlockBytes = 2 << 20;

    private readonly SvmSession _session;
    private readonly int _pages;
    private readonly VirtualAddress _blocks;

    private LiveProcess(SvmSession session, int pages)
    {
        _session = session;
        _pages = pages;

        // One block more than is moved, as they begin where blocks do.
        ulong start = session.Map((ulong)(Blocks + 1) * BlockBytes, Protection.ReadWrite).Value;
        _blocks = (start + BlockBytes - 1) & ~(BlockBytes - 1);
        session.Span<byte>(_blocks, Blocks * (int)BlockBytes).Fill(1);
    }

    /// <summary>Number of blocks of 2 MiB that are moved each time.</summary>
    public static int Blocks => 8;

    private ByteSize Size => (ulong)_pages * Page.Size;

    /// <summary>Starts the engine.</summary>
    /// <param name="pages">Number of pages that are touched each time.</param>
    /// <param name="cpus">Where this process and the engine run from now on.</param>
    public static async Task<LiveProcess> OpenAsync(int pages, CpuPair cpus)
    {
        // Started before it is kept on one CPU: a runtime that has only one puts off compiling its code anew for ten times as long.
        // The GPU has little more memory than is moved: after some turns all of it has been touched, as has that of the program in C.
        var options = new SvmOptions { Sms = 1, ReadAroundPages = 512, VideoMemory = ByteSize.MiB(24) };
        SvmSession session = await SvmSession.OpenAsync(options).ConfigureAwait(false);
        CpuPair.Pin(Environment.ProcessId, cpus.Program);
        CpuPair.Pin(session.EngineProcessId, cpus.Handler);
        return new LiveProcess(session, pages);
    }

    /// <summary>Writes to pages that nobody has touched.</summary>
    public double TouchNew()
    {
        VirtualAddress buffer = _session.Map(Size, Protection.ReadWrite);
        double time = TimeOfTouching(buffer);
        _session.Unmap(buffer, Size);
        return time;
    }

    /// <summary>Writes to pages that were write-protected since they were written last.</summary>
    public async Task<double> WriteProtectedAsync()
    {
        VirtualAddress buffer = _session.Map(Size, Protection.ReadWrite);
        TimeOfTouching(buffer);
        await _session.WriteProtectAsync(buffer, Size).ConfigureAwait(false);
        double time = TimeOfTouching(buffer);
        _session.Unmap(buffer, Size);
        return time;
    }

    /// <summary>Has a warp of the GPU load from pages that nobody has touched.</summary>
    public async Task<double> LoadNewAsync()
    {
        VirtualAddress buffer = _session.Map(Size, Protection.ReadWrite);
        LaunchResult result = await _session.LaunchAsync(LoadAsync, grid: 1, Block, new TouchArgs(buffer, _pages)).ConfigureAwait(false);
        result.ThrowIfFailed();
        _session.Unmap(buffer, Size);
        return result.Elapsed.TotalNanoseconds / _pages;
    }

    /// <summary>Launches a kernel that does nothing and waits for its end.</summary>
    public async Task<double> LaunchAsync()
    {
        long from = Clock.Monotonic.NowNanoseconds;
        for (int i = 0; i < Launches; i++)
        {
            LaunchResult result = await _session.LaunchAsync(LoadAsync, grid: 1, block: 1, default(TouchArgs)).ConfigureAwait(false);
            result.ThrowIfFailed();
        }

        return (double)(Clock.Monotonic.NowNanoseconds - from) / Launches;
    }

    /// <summary>Maps and unmaps a buffer that nobody touches.</summary>
    public double MapAndUnmap()
    {
        long from = Clock.Monotonic.NowNanoseconds;
        for (int i = 0; i < Maps; i++)
        {
            _session.Unmap(_session.Map(Size, Protection.ReadWrite), Size);
        }

        return (double)(Clock.Monotonic.NowNanoseconds - from) / Maps;
    }

    /// <summary>Has blocks moved to the GPU's memory, by one request; by another one those that somebody held just then.</summary>
    /// <exception cref="SvmException">They have not moved.</exception>
    public async Task<double> MoveToDeviceAsync()
    {
        ByteSize size = (ulong)Blocks * BlockBytes;
        long from = Clock.Monotonic.NowNanoseconds;
        MigrationResult moved = default;
        long left = (long)Page.Count(size.Bytes);
        for (int i = 0; i < MostMoves && left > 0; i++)
        {
            moved = await _session.TryMigrateToDeviceAsync(_blocks, size).ConfigureAwait(false);
            left -= moved.Pages;
        }

        double time = Clock.Monotonic.NowNanoseconds - from;
        return left == 0 ? time / Blocks : throw new SvmException(moved.Error, $"Of {size}, {left} pages have not moved to the GPU's memory.");
    }

    /// <summary>Touches a byte of each block, which brings the block home.</summary>
    public double TouchBlocks()
    {
        Span<byte> bytes = _session.Span<byte>(_blocks, Blocks * (int)BlockBytes);
        long from = Clock.Monotonic.NowNanoseconds;
        for (int at = 0; at < bytes.Length; at += (int)BlockBytes)
        {
            bytes[at] = 1;
        }

        return (double)(Clock.Monotonic.NowNanoseconds - from) / Blocks;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _session.DisposeAsync();

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private double TimeOfTouching(VirtualAddress buffer)
    {
        Span<byte> bytes = _session.Span<byte>(buffer, checked((int)Size.Bytes));
        long from = Clock.Monotonic.NowNanoseconds;
        for (int at = 0; at < bytes.Length; at += (int)Page.Size)
        {
            bytes[at] = 1;
        }

        return (double)(Clock.Monotonic.NowNanoseconds - from) / _pages;
    }

    private static async GpuTask LoadAsync(GpuThread t, TouchArgs a)
    {
        for (long page = t.GlobalIndex; page < a.Pages; page += t.GridSize)
        {
            await t.Load<int>(a.Base + ((ulong)page << Page.Shift));
        }
    }
}
