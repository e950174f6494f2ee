using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GpuSvm.Cli.Output;
using GpuSvm.Cli.Runs.Ranges;
using GpuSvm.Live;

namespace GpuSvm.Cli.Runs.Targets;

/// <summary>This very process: the CPU reads and writes its memory as any program does, a GPU in another process shares it.</summary>
internal sealed class LiveTarget : RunTarget
{
    private readonly SvmSession _session;
    private readonly AddressRangeSet _mapped = new();

    private LiveTarget(MachineOptions options, SvmSession session)
    {
        Options = options;
        _session = session;
    }

    /// <inheritdoc/>
    public override MachineOptions Options { get; }

    /// <summary>Starts the GPU; the computer allows it.</summary>
    /// <exception cref="SvmException">It could not be started.</exception>
    public static async Task<LiveTarget> OpenAsync(MachineOptions options)
    {
        var live = new SvmOptions
        {
            Seed = options.Seed,
            Sms = options.Sms,
            WarpsPerSm = options.WarpsPerSm,
            Execution = options.Execution,
            FaultBufferEntries = options.FaultBufferEntries,
            VideoMemory = options.VideoMemory,
            Strategy = options.Strategy,
            Ranges = options.Ranges,
            Eviction = options.Eviction,
            ReadAroundPages = options.ReadAroundPages,
            Events = options.Events,
        };
        return new LiveTarget(options, await SvmSession.OpenAsync(live).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public override VirtualAddress Map(ByteSize size)
    {
        VirtualAddress address = _session.Map(size, Protection.ReadWrite);
        _mapped.Add(PagesAt(address, size));
        return address;
    }

    /// <inheritdoc/>
    public override Errno TryMap(VirtualAddress hint, ByteSize size, out VirtualAddress address)
    {
        Errno error = _session.TryMap(hint, size, Protection.ReadWrite, out address);
        if (error == Errno.None)
        {
            _mapped.Add(PagesAt(address, size));
        }

        return error;
    }

    /// <inheritdoc/>
    public override void Unmap(VirtualAddress address, ByteSize size)
    {
        _session.Unmap(address, size);
        _mapped.Remove(PagesAt(address, size));
    }

    /// <inheritdoc/>
    public override T Load<T>(VirtualAddress address) => AlignedWord.Read<T>(ref At<T>(address));

    /// <inheritdoc/>
    public override void Store<T>(VirtualAddress address, T value) => AlignedWord.Write(ref At<T>(address), value);

    /// <inheritdoc/>
    public override T CompareExchange<T>(VirtualAddress address, T expected, T value) =>
        AlignedWord.CompareExchange(ref At<T>(address), value, expected);

    /// <inheritdoc/>
    public override void Write(VirtualAddress address, ReadOnlySpan<byte> source) =>
        source.CopyTo(_session.Span<byte>(address, source.Length));

    /// <inheritdoc/>
    public override Task<LaunchResult> LaunchAsync<TArgs>(GpuKernel<TArgs> kernel, int grid, int block, TArgs args) =>
        _session.LaunchAsync(kernel, grid, block, args);

    /// <inheritdoc/>
    public override Task<MachineCounters> CountersAsync() => _session.CountersAsync();

    /// <inheritdoc/>
    public override async Task<(ResidencyDocument? Memory, IReadOnlyList<RangeRow> Ranges)> ResidencyAsync()
    {
        if (Options.Strategy != MirrorStrategy.SizedRanges)
        {
            return (null, []);
        }

        RangeRow[] ranges = [.. (await _session.RangesAsync().ConfigureAwait(false)).Select(RangeRow.Of)];
        List<PageResidencyRun> memory = [];
        foreach (AddressRange mapped in _mapped.Ranges)
        {
            memory.AddRange(await _session.ResidencyAsync(mapped.Start, mapped.Length).ConfigureAwait(false));
        }

        return (ResidencyDocument.Of(memory, ranges), ranges);
    }

    /// <inheritdoc/>
    /// <remarks>The last come with the end of the session.</remarks>
    public override Task CompleteEventsAsync() => _session.DisposeAsync().AsTask();

    /// <inheritdoc/>
    public override MachineDocument Describe() => MachineDocument.Live(_session.KernelRelease, _session.Features, Options);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _session.DisposeAsync();

    private static AddressRange PagesAt(VirtualAddress address, ByteSize size) =>
        AddressRange.FromLength(address, Page.Count(size.Bytes) * Page.Size);

    private ref byte At<T>(VirtualAddress address)
        where T : unmanaged =>
        ref MemoryMarshal.GetReference(_session.Span<byte>(address, Unsafe.SizeOf<T>()));
}
