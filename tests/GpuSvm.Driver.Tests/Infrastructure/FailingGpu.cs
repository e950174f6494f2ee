namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>A GPU that executes, whose IOMMU and copy engine fail when they are told to.</summary>
internal sealed class FailingGpu(SoftwareGpu gpu, FailureSites sites) : IGpu
{
    public IPageTableMemory PageTableMemory => gpu.PageTableMemory;

    public IVideoMemory VideoMemory => gpu.VideoMemory;

    public ICopyEngine CopyEngine { get; } = new Copies(gpu.CopyEngine, sites);

    public IDmaMapper DmaMapper { get; } = new Mapper(gpu.DmaMapper, sites);

    public IFaultBuffer FaultBuffer => gpu.FaultBuffer;

    public IAccessCounterBuffer? AccessCounters => gpu.AccessCounters;

    public bool IsLost => gpu.IsLost;

    public void SetFaultInterrupt(Action? handler) => gpu.SetFaultInterrupt(handler);

    public Errno BindInstance(InstancePointer instance, PageDirectoryBase root) => gpu.BindInstance(instance, root);

    public void UnbindInstance(InstancePointer instance) => gpu.UnbindInstance(instance);

    public void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth) => gpu.InvalidateTlb(root, range, depth);

    public void Replay() => gpu.Replay();

    public void CancelFault(in FaultEntry fault, GpuFaultReport report) => gpu.CancelFault(fault, report);

    public void CancelUnit(CancelTarget target, GpuFaultReport report) => gpu.CancelUnit(target, report);

    public void Cancel(InstancePointer instance, GpuFaultReport report) => gpu.Cancel(instance, report);

    private sealed class Mapper(IDmaMapper inner, FailureSites sites) : IDmaMapper
    {
        public long MappedPages => inner.MappedPages;

        public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
        {
            address = default;
            return sites.May(FailureSite.Dma) ? inner.TryMap(frame, order, direction, out address) : Errno.ENOMEM;
        }

        public Errno TryMapAll(ReadOnlySpan<FrameNumber> frames, int order, DmaDirection direction, Span<DeviceAddress> addresses) =>
            sites.May(FailureSite.Dma) ? inner.TryMapAll(frames, order, direction, addresses) : Errno.ENOMEM;

        public void Unmap(DeviceAddress address, int order) => inner.Unmap(address, order);
    }

    private sealed class Copies(CopyEngine inner, FailureSites sites) : ICopyEngine
    {
        public long PassedFence => inner.PassedFence;

        public long Submit(ReadOnlySpan<CopyCommand> commands)
        {
            // A job that was given up before it began has left its failure to the next.
            inner.FailAfter(sites.May(FailureSite.Copy) ? 0 : commands.Length);
            return inner.Submit(commands);
        }

        public Errno Wait(long fence, Deadline deadline)
        {
            if (sites.May(FailureSite.Answer))
            {
                return inner.Wait(fence, deadline);
            }

            inner.Halt();
            Errno error = inner.Wait(fence, Clock.Monotonic.After(TimeSpan.Zero));
            inner.Resume();
            return error;
        }
    }
}
