namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>DMA addresses far from the frames they stand for, and a balance. Workers map at the same time.</summary>
internal sealed class FakeDmaMapper : IDmaMapper
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DeviceAddress, FrameNumber> _mapped = [];
    private ulong _next = 0x10_0000_0000;

    public long MappedPages => _mapped.Count;

    /// <summary>Number of mappings that may still be made.</summary>
    public int Budget { get; set; } = int.MaxValue;

    public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
    {
        address = default;
        lock (_lock)
        {
            if (Budget-- <= 0)
            {
                return Errno.ENOMEM;
            }

            ulong size = Page.Size << order;
            address = new DeviceAddress((_next + size) & ~(size - 1));
            _next = address.Value + size - Page.Size;
            _mapped.Add(address, frame);
            return Errno.None;
        }
    }

    public void Unmap(DeviceAddress address, int order)
    {
        lock (_lock)
        {
            Assert.True(_mapped.Remove(address), "what is unmapped was mapped");
        }
    }
}
