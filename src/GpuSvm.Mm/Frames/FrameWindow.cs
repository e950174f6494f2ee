namespace GpuSvm.Mm;

/// <summary>The states of frames of one memory that follow each other: found once for the many pages of a migration.</summary>
/// <remarks>
/// It holds good under a page-table lock, for frames that entries name or a migration has: the memory of such a frame stays what it is.
/// </remarks>
internal readonly ref struct FrameWindow
{
    private readonly ulong _first;
    private readonly Span<FrameState> _states;

    /// <summary>Makes a window.</summary>
    /// <param name="first">The first frame.</param>
    /// <param name="states">The states from that frame on.</param>
    /// <param name="pagemap">The device whose frames all of them are; null for memory of the system.</param>
    public FrameWindow(FrameNumber first, Span<FrameState> states, DevicePagemap? pagemap)
    {
        _first = first.Value;
        _states = states;
        Pagemap = pagemap;
    }

    /// <summary>The device whose frames these are; null for memory of the system.</summary>
    public DevicePagemap? Pagemap { get; }

    /// <summary>True if a frame is one of these.</summary>
    public bool Holds(FrameNumber frame) => unchecked(frame.Value - _first) < (ulong)_states.Length;

    /// <summary>The state that is kept for a frame itself, one of these.</summary>
    public ref FrameState this[FrameNumber frame] => ref _states[unchecked((int)(frame.Value - _first))];
}
