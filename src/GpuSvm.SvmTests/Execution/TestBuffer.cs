namespace GpuSvm.SvmTests;

/// <summary>A buffer of a test, and what must be in it.</summary>
/// <param name="address">Where it is.</param>
/// <param name="sizeBytes">Its size: whole pages.</param>
/// <param name="touchedBytes">Size of the part from the start on that is filled, moved and looked at.</param>
internal sealed class TestBuffer(VirtualAddress address, ulong sizeBytes, ulong touchedBytes)
{
    /// <summary>What the CPU fills memory with.</summary>
    public const byte Fill = 5;

    /// <summary>Where it is; changes when it is moved.</summary>
    public VirtualAddress Address { get; set; } = address;

    /// <summary>Its size in bytes.</summary>
    public ulong SizeBytes => sizeBytes;

    /// <summary>The bytes that the touched part must hold.</summary>
    public byte[] Image { get; } = new byte[touchedBytes];

    /// <summary>The file that it maps, or null.</summary>
    public TestFile? File { get; init; }

    /// <summary>All of it.</summary>
    public AddressRange Range => AddressRange.FromLength(Address, SizeBytes);

    /// <summary>The part that is touched.</summary>
    public AddressRange Touched => AddressRange.FromLength(Address, (ulong)Image.Length);

    /// <summary>Has the CPU fill the touched part.</summary>
    public void FillBy(CpuThread cpu)
    {
        Array.Fill(Image, Fill);
        cpu.Write(Address, Image);
    }

    /// <summary>Sets a word of the image.</summary>
    public void Note(int offset, ulong value) => BitConverter.TryWriteBytes(Image.AsSpan(offset), value);

    /// <summary>A word of the image.</summary>
    public ulong WordAt(int offset) => BitConverter.ToUInt64(Image, offset);

    /// <summary>Has the CPU load a part, and stops the test unless it is as the image.</summary>
    public void Check(CpuThread cpu, int offset, int length, string what)
    {
        byte[] found = new byte[length];
        cpu.Read(Address + offset, found);
        Expect.Bytes(Image.AsSpan(offset, length), found, $"{what}, from byte {offset} on");
    }
}
