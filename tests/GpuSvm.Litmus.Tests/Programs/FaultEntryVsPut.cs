using GpuSvm.Gpu;

namespace GpuSvm.Litmus.Tests.Programs;

/// <summary>An SM writes a fault entry, its valid bit and PUT; the driver reads PUT, the valid bit and the entry.</summary>
internal sealed class FaultEntryVsPut : ILitmusProgram
{
    private readonly FaultBuffer _buffer = new(entryCount: 4, lateValidPolls: 0, getMoved: () => { });
    private ulong _round;
    private string? _forbidden;

    private FaultEntry Written => new(
        new InstancePointer(_round << 12),
        new VirtualAddress(_round << 12),
        _round,
        (uint)(_round & 63),
        (byte)(_round & 31),
        IsHub: false,
        FaultAccess.Write,
        (byte)(_round & 127),
        FaultType.Pte);

    public void Prepare()
    {
        if (_buffer.Get != _buffer.Put)
        {
            _buffer.MarkInvalid(_buffer.Get);
            _buffer.WriteGet(_buffer.Put);
        }

        _round = (_round + 1) & 0xf_ffff;
    }

    public void First()
    {
        int get = _buffer.Get;
        bool isThere = _buffer.Put != get;
        bool isValid = _buffer.TryRead(get, out FaultEntry entry);
        _forbidden = isThere && !isValid ? "PUT had moved, and the entry was not valid"
            : isValid && entry != Written ? $"the entry was valid, and not whole: {entry}"
            : null;
    }

    public void Second() => _buffer.TryWrite(Written, WhenFull.SetOverflow);

    public string? Forbidden() => _forbidden;

    public void Dispose()
    {
    }
}
