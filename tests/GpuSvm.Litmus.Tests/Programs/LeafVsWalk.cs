using GpuSvm.Mm;

namespace GpuSvm.Litmus.Tests.Programs;

/// <summary>A table of the CPU's page table is made, filled and linked; a walker finds it without a lock.</summary>
internal sealed class LeafVsWalk : ILitmusProgram
{
    private const ulong LeafSize = 2UL << 20;
    private const int Leaves = 64;
    private static readonly CpuPte Entered = CpuPte.Map(new FrameNumber(3), Protection.Read);

    private CpuPageTable _table = new();
    private ulong _round;
    private VirtualAddress _address;
    private CpuPte _seen;

    public void Prepare()
    {
        _round++;
        _address = new VirtualAddress(_round % Leaves * LeafSize);
        if (_round % Leaves == 0)
        {
            _table = new CpuPageTable();
        }
    }

    public void First() => _seen = _table.Read(_address);

    public void Second()
    {
        CpuLeaf leaf = _table.GetOrAdd(_address);
        using (leaf.Lock.Enter())
        {
            leaf.Enter(_address, Entered);
        }
    }

    public string? Forbidden() => _seen == default || _seen == Entered ? null : $"a walk saw 0x{_seen.Bits:x} in a table that was not made yet";

    public void Dispose()
    {
    }
}
