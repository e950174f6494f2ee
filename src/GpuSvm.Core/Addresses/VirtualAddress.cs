using System.Globalization;

namespace GpuSvm;

/// <summary>An address in a process, in bytes: the same number on the CPU and on the GPU.</summary>
/// <param name="Value">The address. Every 64-bit value can be held; an address space says which ones it maps.</param>
/// <remarks>
/// Converts to and from <see cref="ulong"/>, because kernels compute with addresses. Arithmetic on the type itself is
/// checked for overflow.
/// </remarks>
public readonly record struct VirtualAddress(ulong Value) : IComparable<VirtualAddress>
{
    /// <summary>Wraps a raw address.</summary>
    public static implicit operator VirtualAddress(ulong value) => new(value);

    /// <summary>The raw address.</summary>
    public static implicit operator ulong(VirtualAddress address) => address.Value;

    /// <summary>The address <paramref name="bytes"/> bytes further on, or back when negative.</summary>
    /// <exception cref="OverflowException">The sum leaves the 64-bit range.</exception>
    public static VirtualAddress operator +(VirtualAddress address, long bytes) =>
        new(bytes >= 0 ? checked(address.Value + (ulong)bytes) : checked(address.Value - unchecked((ulong)-bytes)));

    /// <summary>The address <paramref name="bytes"/> bytes further on.</summary>
    /// <exception cref="OverflowException">The sum leaves the 64-bit range.</exception>
    public static VirtualAddress operator +(VirtualAddress address, ulong bytes) => new(checked(address.Value + bytes));

    /// <summary>Distance in bytes from <paramref name="right"/> up to <paramref name="left"/>.</summary>
    /// <exception cref="OverflowException"><paramref name="right"/> lies above <paramref name="left"/>.</exception>
    public static ulong operator -(VirtualAddress left, VirtualAddress right) => checked(left.Value - right.Value);

    /// <summary>True if <paramref name="left"/> lies below <paramref name="right"/>.</summary>
    public static bool operator <(VirtualAddress left, VirtualAddress right) => left.Value < right.Value;

    /// <summary>True if <paramref name="left"/> lies above <paramref name="right"/>.</summary>
    public static bool operator >(VirtualAddress left, VirtualAddress right) => left.Value > right.Value;

    /// <summary>True if <paramref name="left"/> does not lie above <paramref name="right"/>.</summary>
    public static bool operator <=(VirtualAddress left, VirtualAddress right) => left.Value <= right.Value;

    /// <summary>True if <paramref name="left"/> does not lie below <paramref name="right"/>.</summary>
    public static bool operator >=(VirtualAddress left, VirtualAddress right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public int CompareTo(VirtualAddress other) => Value.CompareTo(other.Value);

    /// <summary>The address in hexadecimal with prefix: <c>0x7f0000001000</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Value:x}");
}
