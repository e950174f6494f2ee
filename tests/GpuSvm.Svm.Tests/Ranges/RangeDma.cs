namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>Maps by the device, tells what it was asked, and takes nothing back that the driver still reaches.</summary>
internal sealed class RangeDma(TestDevice device, RangeDriver driver) : IDmaMapper
{
    public long MappedPages => device.MappedPages;

    /// <summary>Checks and notes nothing: so that it allocates nothing.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Each call: "map 9 Bidirectional", "unmap 9".</summary>
    public List<string> Calls { get; } = [];

    public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
    {
        if (!IsSilent)
        {
            Assert.Equal(0UL, frame.Value & ((1UL << order) - 1));
            Calls.Add($"map {order} {direction}");
        }

        return device.TryMap(frame, order, direction, out address);
    }

    public void Unmap(DeviceAddress address, int order)
    {
        Assert.False(driver.Reaches(address), "A page is taken back that the device can still reach.");
        Calls.Add($"unmap {order}");
        driver.Log.Add($"unmap {order}");
        device.Unmap(address, order);
    }
}
