using System.Globalization;

namespace GpuSvm;

/// <summary>A half-open range of addresses, in bytes: <c>[Start, End)</c>.</summary>
/// <remarks>
/// <c>default</c> is the empty range at 0. The last byte of the 64-bit space belongs to no range: an end of 2^64 cannot be held, and no
/// address space reaches it.
/// </remarks>
public readonly record struct AddressRange
{
    /// <summary>Makes the range <c>[start, end)</c>.</summary>
    /// <param name="start">First byte.</param>
    /// <param name="end">First byte behind the range; not below <paramref name="start"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="end"/> lies below <paramref name="start"/>.</exception>
    public AddressRange(VirtualAddress start, VirtualAddress end)
    {
        if (end < start)
        {
            throw new ArgumentOutOfRangeException(nameof(end), end.ToString(), $"A range must not end below its start {start}.");
        }

        Start = start;
        End = end;
    }

    /// <summary>First byte of the range.</summary>
    public VirtualAddress Start { get; }

    /// <summary>First byte behind the range.</summary>
    public VirtualAddress End { get; }

    /// <summary>Number of bytes in the range.</summary>
    public ulong Length => unchecked(End.Value - Start.Value);

    /// <summary>True if the range holds no byte.</summary>
    public bool IsEmpty => Start == End;

    /// <summary>Number of 4 KiB pages that the range touches.</summary>
    public ulong PageCount => IsEmpty ? 0 : ((End.Value - 1) >> Core.Page.Shift) - (Start.Value >> Core.Page.Shift) + 1;

    /// <summary>True if both ends are multiples of the page size.</summary>
    public bool IsPageAligned => Core.Page.IsAligned(Start.Value | End.Value);

    /// <summary>The range of <paramref name="length"/> bytes from <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The end lies beyond the 64-bit range.</exception>
    public static AddressRange FromLength(VirtualAddress start, ulong length)
    {
        if (!TryFromLength(start, length, out AddressRange range))
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, $"{length} bytes from {start} on pass the end of the 64-bit range.");
        }

        return range;
    }

    /// <summary>The range of <paramref name="length"/> bytes from <paramref name="start"/> on; false when the sum overflows.</summary>
    public static bool TryFromLength(VirtualAddress start, ulong length, out AddressRange range)
    {
        ulong end = unchecked(start.Value + length);
        if (end < start.Value)
        {
            range = default;
            return false;
        }

        range = new AddressRange(start, end);
        return true;
    }

    /// <summary>The 4 KiB page that holds <paramref name="address"/>.</summary>
    /// <exception cref="OverflowException">It is the last page of the 64-bit range.</exception>
    public static AddressRange PageAt(VirtualAddress address)
    {
        ulong start = Core.Page.AlignDown(address.Value);
        return new AddressRange(start, checked(start + Core.Page.Size));
    }

    /// <summary>True if the byte at <paramref name="address"/> lies in the range.</summary>
    public bool Contains(VirtualAddress address) => address >= Start && address < End;

    /// <summary>True if every byte of <paramref name="other"/> lies in this range; an empty one lies in every range that reaches it.</summary>
    public bool Contains(AddressRange other) => other.Start >= Start && other.End <= End;

    /// <summary>True if the two ranges share at least one byte.</summary>
    public bool Overlaps(AddressRange other) => Start < other.End && other.Start < End && !IsEmpty && !other.IsEmpty;

    /// <summary>The bytes that lie in both ranges; empty (at the higher start) when there are none.</summary>
    public AddressRange Intersect(AddressRange other)
    {
        VirtualAddress start = Start > other.Start ? Start : other.Start;
        VirtualAddress end = End < other.End ? End : other.End;
        return end > start ? new AddressRange(start, end) : new AddressRange(start, start);
    }

    /// <summary>The range in the form <c>[0x1000, 0x3000)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Start}, {End})");
}
