namespace GpuSvm.Mm;

/// <summary>What is known of one page frame. All zero for a frame that was never handed out.</summary>
internal struct FrameState
{
    /// <summary>Number of references: 0 when free.</summary>
    public int References;

    /// <summary>Number of page-table entries that map the frame: migration entries do not.</summary>
    public int Maps;

    /// <summary>The page lock: one of the <see cref="PageLocks"/> values.</summary>
    public int Lock;

    /// <summary>Its <see cref="FrameFlags"/>.</summary>
    public int Flags;

    /// <summary>One place where an entry names the frame, packed; 0 for none. See <see cref="ReverseMap"/>.</summary>
    public ulong Mapping;

    /// <summary>A word of the device whose frame it is. Source: Linux zone_device_data of struct page.</summary>
    public ulong DeviceData;
}
