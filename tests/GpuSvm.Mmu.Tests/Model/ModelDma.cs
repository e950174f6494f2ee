using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>An IOMMU whose addresses are never used again and tell nothing about the frames.</summary>
internal sealed class ModelDma(InjectedFailures failures) : IDmaMapper
{
    private readonly Dictionary<ulong, (FrameNumber Frame, int Order, DmaDirection Direction)> _mappings = [];
    private ulong _next = 0x4000_0000;

    public long MappedPages { get; private set; }

    /// <summary>Is told of each block that is unmapped: its first address and its size.</summary>
    public Action<ulong, ulong>? Unmapped { get; set; }

    public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
    {
        address = default;
        if (failures.Fails(FailureSite.Dma))
        {
            return Errno.ENOMEM;
        }

        ulong size = Page.Size << order;
        ulong at = (_next + size - 1) & ~(size - 1);
        _next = at + size;
        address = new DeviceAddress(at);
        _mappings.Add(at, (frame, order, direction));
        MappedPages += 1L << order;
        return Errno.None;
    }

    public void Unmap(DeviceAddress address, int order)
    {
        if (!_mappings.Remove(address.Value, out var mapping) || mapping.Order != order)
        {
            throw new DisagreementException($"{address} of order {order} is not mapped");
        }

        Unmapped?.Invoke(address.Value, Page.Size << order);
        MappedPages -= 1L << order;
    }

    /// <summary>True if the address is that of a mapping of this frame for this direction.</summary>
    public bool Maps(ulong address, FrameNumber frame, int order, DmaDirection direction) =>
        _mappings.TryGetValue(address, out var mapping) && mapping == (frame, order, direction);
}
