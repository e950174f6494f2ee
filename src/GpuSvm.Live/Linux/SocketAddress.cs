using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace GpuSvm.Live;

/// <summary>A name without a file, as the C library's <c>sockaddr_un</c>: 110 bytes, the first of its path a zero.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SocketAddress
{
    private const ushort UnixFamily = 1;

    private ushort _family;
    private NameBytes _name;

    /// <summary>Bytes of the address that hold: family, zero and name.</summary>
    internal uint Length { get; private set; }

    /// <summary>The address with a name of 1 to 107 bytes.</summary>
    /// <exception cref="ArgumentException">The name is empty or too long.</exception>
    internal static SocketAddress Of(string name)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length is 0 or >= NameBytes.Count)
        {
            throw new ArgumentException(
                $"The name of a socket has 1 to {NameBytes.Count - 1} bytes; this one has {bytes.Length}.", nameof(name));
        }

        var address = new SocketAddress { _family = UnixFamily, Length = (uint)(sizeof(ushort) + 1 + bytes.Length) };
        bytes.CopyTo(((Span<byte>)address._name)[1..]);
        return address;
    }

    [InlineArray(Count)]
    private struct NameBytes
    {
        internal const int Count = 108;
        private byte _first;
    }
}
