using System.Globalization;

namespace GpuSvm.Core;

/// <summary>The number of a 4 KiB page frame of system memory (a pfn).</summary>
/// <param name="Value">The number: physical address divided by 4096.</param>
public readonly record struct FrameNumber(ulong Value)
{
    /// <summary>Address of the frame's first byte.</summary>
    /// <exception cref="OverflowException">The frame lies beyond the 64-bit range.</exception>
    public PhysicalAddress Address => new(checked(Value * Page.Size));

    /// <summary>The frame <paramref name="frames"/> frames further on.</summary>
    public static FrameNumber operator +(FrameNumber frame, ulong frames) => new(checked(frame.Value + frames));

    /// <summary>The number in hexadecimal with prefix.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"pfn:0x{Value:x}");
}
