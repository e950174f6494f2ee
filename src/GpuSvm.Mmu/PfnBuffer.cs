namespace GpuSvm.Mmu;

/// <summary>Where one caller's pages become entries before they are mapped: memory that is used again and again.</summary>
/// <param name="capacity">Most pages of one call.</param>
/// <remarks>Not thread-safe: each thread that maps has its own.</remarks>
public sealed class PfnBuffer(int capacity)
{
    private readonly ulong[] _words = new ulong[capacity];
    private readonly int[] _places = new int[capacity];
    private readonly FrameNumber[] _frames = new FrameNumber[capacity];
    private readonly DeviceAddress[] _devices = new DeviceAddress[capacity];

    /// <summary>The encoded entry of each page that is asked for.</summary>
    internal Span<ulong> Words => _words;

    /// <summary>Which pages are mapped for DMA together.</summary>
    internal Span<int> Places => _places;

    /// <summary>Their frames.</summary>
    internal Span<FrameNumber> Frames => _frames;

    /// <summary>Where the device finds them.</summary>
    internal Span<DeviceAddress> Devices => _devices;
}
