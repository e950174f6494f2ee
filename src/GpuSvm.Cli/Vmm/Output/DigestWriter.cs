using System.Text;

namespace GpuSvm.Cli.Vmm.Output;

/// <summary>Hashes what is written instead of keeping it: FNV-1a of 64 bits.</summary>
/// <remarks>Takes ASCII only: a byte for a character. Source: RFC 9923, FNV-1a.</remarks>
internal sealed class DigestWriter : TextWriter
{
    private const ulong Prime = 0x0000_0100_0000_01b3;

    /// <summary>The hash.</summary>
    public ulong Hash { get; private set; } = 0xcbf2_9ce4_8422_2325;

    /// <summary>Number of bytes.</summary>
    public long Length { get; private set; }

    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.ASCII;

    /// <inheritdoc/>
    public override void Write(char value)
    {
        Hash = unchecked((Hash ^ (byte)value) * Prime);
        Length++;
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer)
    {
        ulong hash = Hash;
        foreach (char value in buffer)
        {
            hash = unchecked((hash ^ (byte)value) * Prime);
        }

        Hash = hash;
        Length += buffer.Length;
    }

    /// <inheritdoc/>
    public override void Write(string? value) => Write(value.AsSpan());
}
