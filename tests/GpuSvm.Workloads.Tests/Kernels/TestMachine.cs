using System.Runtime.InteropServices;

namespace GpuSvm.Workloads.Tests.Kernels;

/// <summary>A machine with one process, for tests of kernels.</summary>
internal sealed class TestMachine : IDisposable
{
    private readonly Machine _machine;

    public TestMachine(MachineOptions options)
    {
        _machine = new Machine(options);
        Process = _machine.StartProcess();
        Cpu = Process.Cpu(0);
    }

    public SimulatedProcess Process { get; }

    public CpuThread Cpu { get; }

    public MachineCounters Counters => _machine.Counters;

    /// <summary>A machine small enough that threads, blocks and TLB entries are reused.</summary>
    public static TestMachine Create(ExecutionMode execution, ulong seed) =>
        new(new MachineOptions { Seed = seed, Sms = 2, WarpsPerSm = 2, Execution = execution, FaultBufferEntries = 16 });

    public ulong Map(long bytes) => Process.Map((ulong)bytes, Protection.ReadWrite);

    public ulong Place<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        ulong start = Map(Math.Max(1, bytes.Length));
        Cpu.Write(start, bytes);
        return start;
    }

    public async Task RunAsync<TArgs>(GpuKernel<TArgs> kernel, int grid, int block, TArgs args)
        where TArgs : unmanaged =>
        (await _machine.Gpu.LaunchAsync(Process, kernel, grid, block, args)).ThrowIfFailed();

    public void Dispose() => _machine.Dispose();
}
