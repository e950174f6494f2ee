namespace GpuSvm.HmmTests;

/// <summary>A piece of a device's memory: the page frames, and their bytes where only the device can reach them.</summary>
/// <remarks>Source: Linux struct dmirror_chunk.</remarks>
internal sealed class DeviceChunk : IDisposable
{
    /// <summary>Number of frames: 256 MiB.</summary>
    public const ulong PageCount = 256UL << 8;

    private readonly NativeReservation? _bytes;
    private readonly SystemMemory _memory;

    public DeviceChunk(DevicePagemap pagemap, SystemMemory memory)
    {
        Pagemap = pagemap;
        _memory = memory;
        _bytes = pagemap.Kind == DevicePageKind.Private ? new NativeReservation(PageCount * Page.Size) : null;
    }

    /// <summary>The frames.</summary>
    public DevicePagemap Pagemap { get; }

    /// <summary>True when none of its frames is given out any more. The lock of the device's memory guards it.</summary>
    public bool IsRetired { get; set; }

    /// <summary>The bytes of a frame, as the device reaches them.</summary>
    public Span<byte> Bytes(FrameNumber frame) =>
        _bytes is null ? _memory.Frame(frame) : _bytes.Bytes((frame.Value - Pagemap.FirstFrame.Value) * Page.Size, (int)Page.Size);

    /// <summary>Gives the bytes back.</summary>
    public void Dispose() => _bytes?.Dispose();
}
