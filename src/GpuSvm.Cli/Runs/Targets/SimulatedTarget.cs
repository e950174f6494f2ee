using GpuSvm.Cli.Output;
using GpuSvm.Cli.Runs.Ranges;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Runs.Targets;

/// <summary>A process of a simulated machine, whose memory is read and written by its first CPU thread.</summary>
internal sealed class SimulatedTarget : RunTarget
{
    /// <summary>Size of an address space.</summary>
    private const ulong AllBytes = 1UL << 48;

    private readonly Machine _machine;
    private readonly CpuThread _cpu;

    /// <summary>Builds the machine and starts the process.</summary>
    public SimulatedTarget(MachineOptions options)
    {
        Options = options;
        _machine = new Machine(options);
        Process = _machine.StartProcess();
        _cpu = Process.Cpu(0);
    }

    /// <inheritdoc/>
    public override MachineOptions Options { get; }

    /// <summary>The process.</summary>
    public SimulatedProcess Process { get; }

    /// <inheritdoc/>
    public override VirtualAddress Map(ByteSize size) => Process.Map(size, Protection.ReadWrite);

    /// <inheritdoc/>
    public override Errno TryMap(VirtualAddress hint, ByteSize size, out VirtualAddress address) =>
        Process.TryMap(hint, size, Protection.ReadWrite, MapPlacement.Hint, out address);

    /// <inheritdoc/>
    public override void Unmap(VirtualAddress address, ByteSize size) => Process.Unmap(address, size);

    /// <inheritdoc/>
    public override T Load<T>(VirtualAddress address) => _cpu.Load<T>(address);

    /// <inheritdoc/>
    public override void Store<T>(VirtualAddress address, T value) => _cpu.Store(address, value);

    /// <inheritdoc/>
    public override T CompareExchange<T>(VirtualAddress address, T expected, T value) => _cpu.CompareExchange(address, expected, value);

    /// <inheritdoc/>
    public override void Write(VirtualAddress address, ReadOnlySpan<byte> source) => _cpu.Write(address, source);

    /// <inheritdoc/>
    public override Task<LaunchResult> LaunchAsync<TArgs>(GpuKernel<TArgs> kernel, int grid, int block, TArgs args) =>
        _machine.Gpu.LaunchAsync(Process, kernel, grid, block, args);

    /// <inheritdoc/>
    public override Task<MachineCounters> CountersAsync() => Task.FromResult(_machine.Counters);

    /// <inheritdoc/>
    public override Task<(ResidencyDocument? Memory, IReadOnlyList<RangeRow> Ranges)> ResidencyAsync()
    {
        RangeRow[] ranges = [.. Process.Ranges().Select(RangeRow.Of)];
        ResidencyDocument? memory = Options.Strategy == MirrorStrategy.SizedRanges
            ? ResidencyDocument.Of(Process.Residency(0UL, AllBytes), ranges)
            : null;
        return Task.FromResult((memory, (IReadOnlyList<RangeRow>)ranges));
    }

    /// <inheritdoc/>
    public override Task CompleteEventsAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public override MachineDocument Describe() => MachineDocument.Simulated(Options);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        _machine.Dispose();
        return ValueTask.CompletedTask;
    }
}
