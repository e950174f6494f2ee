using Google.Protobuf;

namespace GpuSvm.Telemetry.Perfetto;

/// <summary>A protobuf message that is written field by field, and kept to be written again.</summary>
internal sealed class ProtoMessage : IDisposable
{
    private readonly MemoryStream _bytes = new();
    private readonly CodedOutputStream _output;

    public ProtoMessage() => _output = new CodedOutputStream(_bytes, leaveOpen: true);

    /// <summary>Writes a number as a varint.</summary>
    public void Number(int field, ulong value)
    {
        _output.WriteTag(field, WireFormat.WireType.Varint);
        _output.WriteUInt64(value);
    }

    /// <summary>Writes a number as eight bytes.</summary>
    public void Fixed(int field, ulong value)
    {
        _output.WriteTag(field, WireFormat.WireType.Fixed64);
        _output.WriteFixed64(value);
    }

    /// <summary>Writes a text.</summary>
    public void Text(int field, string value)
    {
        _output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        _output.WriteString(value);
    }

    /// <summary>Writes a message within this one, and empties that.</summary>
    public void Message(int field, ProtoMessage inner)
    {
        inner.CopyTo(_output, field);
        inner.Clear();
    }

    /// <summary>Writes this message as a field of another one.</summary>
    public void CopyTo(CodedOutputStream output, int field)
    {
        _output.Flush();
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(_bytes.GetBuffer().AsMemory(0, (int)_bytes.Length)));
    }

    /// <summary>Begins the message anew.</summary>
    public void Clear()
    {
        _output.Flush();
        _bytes.SetLength(0);
    }

    public void Dispose() => _output.Dispose();
}
