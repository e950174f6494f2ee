using System.Globalization;

namespace GpuSvm.Core;

/// <summary>An address in system memory, in bytes, as the CPU's page tables hold it.</summary>
/// <param name="Value">The address; <c>Value &gt;&gt; 12</c> is the frame number.</param>
public readonly record struct PhysicalAddress(ulong Value)
{
    /// <summary>The frame that the address lies in.</summary>
    public FrameNumber Frame => new(Value >> Page.Shift);

    /// <summary>The address in hexadecimal with prefix.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"phys:0x{Value:x}");
}
