using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Infrastructure;

/// <summary>An IOMMU whose addresses are new for each mapping and tell nothing about the frame.</summary>
internal sealed class RecordingDmaMapper(Journal journal) : IDmaMapper
{
    private readonly Dictionary<ulong, (FrameNumber Frame, DmaDirection Direction)> _mappings = [];
    private readonly Dictionary<ulong, int> _orders = [];

    /// <summary>The address that the next mapping gets.</summary>
    public ulong Next { get; set; } = 0x4000_0000;

    /// <summary>Frames from here on don't exist.</summary>
    public ulong FrameCount { get; set; } = ulong.MaxValue;

    public FailurePoint Failures { get; } = new();

    public long MappedPages => _mappings.Count;

    public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
    {
        address = default;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(frame.Value, FrameCount, nameof(frame));
        if (Failures.Fails())
        {
            return Errno.ENOMEM;
        }

        ulong size = Page.Size << order;
        Next = (Next + size - 1) & ~(size - 1);
        address = new DeviceAddress(Next);
        Next += size;
        _mappings.Add(address.Value, (frame, direction));
        _orders.Add(address.Value, order);
        journal.Add($"map {frame} {direction}");
        return Errno.None;
    }

    public void Unmap(DeviceAddress address, int order)
    {
        Assert.True(_orders.Remove(address.Value, out int mapped));
        Assert.Equal(mapped, order);
        Assert.True(_mappings.Remove(address.Value, out var mapping), $"{address} is not mapped.");
        journal.Add($"unmap {mapping.Frame}");
    }

    /// <summary>The frame behind a device address, and what the device may do with it.</summary>
    public (FrameNumber Frame, DmaDirection Direction) Resolve(ulong address) => _mappings[address];
}
