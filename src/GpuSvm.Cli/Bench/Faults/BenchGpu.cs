using GpuSvm.Gpu;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Bench.Faults;

/// <summary>A GPU with all its memory, tables and TLBs, but with faults that the benchmark writes: no SM runs.</summary>
/// <param name="gpu">Everything else.</param>
/// <param name="entries">Number of entries of the fault buffer.</param>
internal sealed class BenchGpu(SoftwareGpu gpu, int entries) : IGpu
{
    /// <summary>The fault buffer.</summary>
    public BenchRing Ring { get; } = new(entries);

    /// <summary>Number of faults that were cancelled: a benchmark has none.</summary>
    public int Cancels { get; private set; }

    /// <inheritdoc/>
    public IPageTableMemory PageTableMemory => gpu.PageTableMemory;

    /// <inheritdoc/>
    public IVideoMemory VideoMemory => gpu.VideoMemory;

    /// <inheritdoc/>
    public ICopyEngine CopyEngine { get; init; } = gpu.CopyEngine;

    /// <inheritdoc/>
    public IDmaMapper DmaMapper => gpu.DmaMapper;

    /// <inheritdoc/>
    public IFaultBuffer FaultBuffer => Ring;

    /// <inheritdoc/>
    public bool IsLost => false;

    /// <inheritdoc/>
    public void SetFaultInterrupt(Action? handler)
    {
    }

    /// <inheritdoc/>
    public Errno BindInstance(InstancePointer instance, PageDirectoryBase root) => gpu.BindInstance(instance, root);

    /// <inheritdoc/>
    public void UnbindInstance(InstancePointer instance) => gpu.UnbindInstance(instance);

    /// <inheritdoc/>
    public void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth) => gpu.InvalidateTlb(root, range, depth);

    /// <inheritdoc/>
    public void Replay()
    {
    }

    /// <inheritdoc/>
    public void CancelFault(in FaultEntry fault, GpuFaultReport report) => Cancels++;

    /// <inheritdoc/>
    public void CancelUnit(CancelTarget target, GpuFaultReport report) => Cancels++;

    /// <inheritdoc/>
    public void Cancel(InstancePointer instance, GpuFaultReport report)
    {
    }
}
