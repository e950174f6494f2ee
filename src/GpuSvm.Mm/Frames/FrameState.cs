namespace GpuSvm.Mm;

/// <summary>What is known of one page frame. All zero for a frame that was never handed out.</summary>
internal struct FrameState
{
    /// <summary>Number of references: 0 when free.</summary>
    public int References;

    /// <summary>Number of page-table entries that map the frame.</summary>
    public int Maps;

    /// <summary>The page lock: one of the <see cref="PageLocks"/> values.</summary>
    public int Lock;

    /// <summary>Keeps the size a power of two, so that no state straddles two pages of the table.</summary>
    public int Reserved;
}
