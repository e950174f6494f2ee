using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GpuSvm.Mm;

/// <content>States of many frames, for who goes through them.</content>
public sealed partial class PageFrames
{
    /// <summary>Most frames of a window: 4 GiB.</summary>
    private const ulong WindowFrames = 1UL << 20;

    /// <summary>The state that is kept for a frame itself.</summary>
    /// <param name="frame">The frame; not the zero page.</param>
    /// <param name="window">Where it is looked for first; moved if it is not there.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref FrameState StateIn(ref FrameWindow window, FrameNumber frame)
    {
        if (!window.Holds(frame))
        {
            window = WindowAt(frame);
        }

        return ref window[frame];
    }

    private FrameWindow WindowAt(FrameNumber frame)
    {
        DevicePagemap? pagemap = PagemapOf(frame);
        if (IsDevicePrivate(frame))
        {
            return pagemap is null ? throw NoSuchFrame(frame) : pagemap.WindowAt(frame, WindowFrames);
        }

        // What lies between the memories of devices is not worth a search.
        bool isWhole = SharedWord.Read(ref _coherent).Length == 0;
        ulong first = isWhole ? frame.Value & ~(WindowFrames - 1) : frame.Value;
        ulong count = isWhole ? Math.Min(WindowFrames, _count - first) : 1;
        return new FrameWindow(new FrameNumber(first), StatesOf(first, (int)count), pagemap);
    }

    private Span<FrameState> StatesOf(ulong first, int count) => MemoryMarshal.Cast<byte, FrameState>(
        _states.Bytes(first * (ulong)Unsafe.SizeOf<FrameState>(), count * Unsafe.SizeOf<FrameState>()));
}
