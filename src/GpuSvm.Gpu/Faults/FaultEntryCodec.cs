using System.Buffers.Binary;

namespace GpuSvm.Gpu;

/// <summary>The 32 bytes of a fault entry.</summary>
/// <remarks>
/// <code>
///   0x00 instance low    0x04 instance high
///   0x08 address low     0x0c address high
///   0x10 time low        0x14 time high
///   0x18 engine
///   0x1c info: 31 valid, 28:24 gpc, 20 hub, 19:16 access, 14:8 client, 4:0 fault type
/// </code>
/// Little-endian. Source: nouveau nouveau_svm.c, nouveau_svm_fault_cache; NVIDIA dev_fault.h.
/// </remarks>
public static class FaultEntryCodec
{
    /// <summary>Size of an entry in bytes.</summary>
    public const int SizeBytes = 32;

    /// <summary>Offset of the info word, which holds the valid bit and is written last.</summary>
    public const int InfoOffset = 0x1c;

    private const int AddressOffset = 0x08;
    private const int TimeOffset = 0x10;
    private const int EngineOffset = 0x18;

    private static BitField ValidField => new(31, 31);

    private static BitField GpcField => new(28, 24);

    private static BitField HubField => new(20, 20);

    private static BitField AccessField => new(19, 16);

    private static BitField ClientField => new(14, 8);

    private static BitField TypeField => new(4, 0);

    /// <summary>The valid bit of the info word.</summary>
    public static uint ValidMask => (uint)ValidField.Mask;

    /// <summary>Writes an entry with its valid bit clear.</summary>
    /// <param name="entry">The fault.</param>
    /// <param name="bytes">At least 32 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A member does not fit its field.</exception>
    public static void EncodeInvalid(in FaultEntry entry, Span<byte> bytes)
    {
        ulong info =
            GpcField.Put(entry.Gpc) |
            HubField.Put(entry.IsHub ? 1UL : 0) |
            AccessField.Put((ulong)entry.Access) |
            ClientField.Put(entry.Client) |
            TypeField.Put((ulong)entry.Type);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[InfoOffset..], (uint)info);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, entry.Instance.Address);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[AddressOffset..], entry.Address.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[TimeOffset..], entry.Timestamp);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[EngineOffset..], entry.Engine);
    }

    /// <summary>Reads an entry, whatever its valid bit says.</summary>
    /// <param name="bytes">At least 32 bytes.</param>
    public static FaultEntry Decode(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..SizeBytes];
        ulong last = BinaryPrimitives.ReadUInt64LittleEndian(bytes[EngineOffset..]);
        ulong info = last >> 32;
        return new FaultEntry(
            new InstancePointer(BinaryPrimitives.ReadUInt64LittleEndian(bytes)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[AddressOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[TimeOffset..]),
            (uint)(last & uint.MaxValue),
            (byte)GpcField.Get(info),
            HubField.Get(info) != 0,
            (FaultAccess)AccessField.Get(info),
            (byte)ClientField.Get(info),
            (FaultType)TypeField.Get(info));
    }
}
