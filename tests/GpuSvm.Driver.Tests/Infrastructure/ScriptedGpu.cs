namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>A GPU without execution: the test writes its fault entries, and it records what the driver does.</summary>
internal sealed class ScriptedGpu(int entries = 64) : IGpu
{
    private readonly HashSet<InstancePointer> _bound = [];

    /// <summary>Replays, cancels and moves of GET in the order they came.</summary>
    public List<string> Journal { get; } = [];

    public List<(InstancePointer Instance, GpuFaultReport Report)> Cancelled { get; } = [];

    public int Replays { get; private set; }

    public Action? Interrupt { get; private set; }

    /// <summary>Called when the driver replays, as the accesses that try again.</summary>
    public Action? OnReplay { get; set; }

    public ScriptedFaultBuffer Ring { get; } = new(entries);

    public FakeDmaMapper Dma { get; } = new();

    public ArrayTableMemory Tables { get; } = new();

    public IPageTableMemory PageTableMemory => Tables;

    public IVideoMemory VideoMemory => throw new NotSupportedException("No memory but that of its tables.");

    public ICopyEngine CopyEngine => throw new NotSupportedException("No copy engine.");

    public IDmaMapper DmaMapper => Dma;

    public IFaultBuffer FaultBuffer => Ring;

    public bool IsLost { get; set; }

    public void SetFaultInterrupt(Action? handler) => Interrupt = handler;

    public Errno BindInstance(InstancePointer instance, PageDirectoryBase root) => _bound.Add(instance) ? Errno.None : Errno.EEXIST;

    public void UnbindInstance(InstancePointer instance) => _bound.Remove(instance);

    public void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth) => Journal.Add($"invalidate {range}");

    public void Replay()
    {
        Replays++;
        Journal.Add($"replay, get {Ring.Get}");
        OnReplay?.Invoke();
    }

    public void CancelFault(in FaultEntry fault, GpuFaultReport report) => Cancel(fault.Instance, report);

    public List<CancelTarget> CancelledUnits { get; } = [];

    public void CancelUnit(CancelTarget target, GpuFaultReport report)
    {
        CancelledUnits.Add(target);
        Cancel(target.Instance, report);
    }

    public void Cancel(InstancePointer instance, GpuFaultReport report)
    {
        Cancelled.Add((instance, report));
        Journal.Add($"cancel {instance}");
    }

    /// <summary>Writes an entry as the GPU would.</summary>
    public void Fault(InstancePointer instance, VirtualAddress address, FaultAccess access) =>
        Ring.Write(new FaultEntry(instance, address, 0, 0, 0, false, access, 0, FaultType.Pte));
}
