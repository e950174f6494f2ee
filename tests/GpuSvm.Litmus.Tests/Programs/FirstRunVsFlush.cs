using GpuSvm.Mm;

namespace GpuSvm.Litmus.Tests.Programs;

/// <summary>A CPU thread says that it runs and walks the page table; a flush clears the entry and looks which threads have run.</summary>
internal sealed class FirstRunVsFlush : ILitmusProgram, ICpuFaultHandler
{
    private const ulong Freed = 0xdead;
    private static readonly VirtualAddress Address = new(0x7000);
    private static readonly FrameNumber Old = new(1);
    private static readonly FrameNumber New = new(2);

    private readonly SystemMemory _memory = new(4);
    private readonly CpuPageTable _table = new();
    private readonly CpuLeaf _leaf;
    private SimulatedCpu _cpu;
    private ulong _loaded;

    public FirstRunVsFlush()
    {
        _leaf = _table.GetOrAdd(Address);
        _cpu = new SimulatedCpu(_memory, threads: 1);
    }

    public void Prepare()
    {
        Write(Old, 1);
        using (_leaf.Lock.Enter())
        {
            _leaf.Clear(Address);
            _leaf.Enter(Address, Touched(Old));
        }

        _cpu = new SimulatedCpu(_memory, threads: 1);
        _cpu.Attach(this, _table);
    }

    public void Approach() => _leaf.Read(Address);

    public void First() => _loaded = _cpu.Thread(0).Load<ulong>(Address);

    public void Second()
    {
        using (_leaf.Lock.Enter())
        {
            _leaf.Clear(Address);
            _cpu.Detach(AddressRange.PageAt(Address), Old);
        }

        Write(Old, Freed);
    }

    public string? Forbidden() => _loaded == Freed || _cpu.Thread(0).Load<ulong>(Address) == Freed ? "a frame was read after its page had been detached" : null;

    /// <summary>The thread came behind the change: it finds another frame.</summary>
    public Errno HandleFault(VirtualAddress address, CpuAccess access)
    {
        using (_leaf.Lock.Enter())
        {
            _leaf.Enter(Address, Touched(New));
        }

        return Errno.None;
    }

    public void Dispose() => _memory.Dispose();

    private void Write(FrameNumber frame, ulong value) => AlignedWord.Write(ref _memory.At(frame.Address), value);

    /// <summary>The accessed bit is set already: setting it would be an atomic operation, and so a fence, in the walk.</summary>
    private static CpuPte Touched(FrameNumber frame) => CpuPte.Map(frame, Protection.Read).Touched(CpuAccess.Read);
}
