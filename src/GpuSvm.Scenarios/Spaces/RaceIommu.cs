namespace GpuSvm.Scenarios;

/// <summary>An IOMMU that never gives an address out twice, so that a stale one is known.</summary>
internal sealed class RaceIommu : IDmaMapper
{
    private readonly HashSet<ulong> _mapped = [];
    private ulong _next = 0x1_0000_0000;

    /// <inheritdoc/>
    public long MappedPages => _mapped.Count;

    /// <inheritdoc/>
    public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
    {
        address = new DeviceAddress(_next);
        _mapped.Add(_next);
        _next += Page.Size << order;
        return Errno.None;
    }

    /// <inheritdoc/>
    public void Unmap(DeviceAddress address, int order) => _mapped.Remove(address.Value);

    /// <summary>True if an access to the address passes.</summary>
    public bool Passes(ulong address) => _mapped.Contains(address);
}
