using static GpuSvm.SvmTests.PartialFlags;

namespace GpuSvm.SvmTests;

/// <summary>Half of a block that the GPU has used is unmapped, and the GPU goes on with the rest.</summary>
internal static class PartialTests
{
    private const ulong Size = HugePage.Size;
    private const ulong Half = Size / 2;

    /// <summary>All of them.</summary>
    public static IEnumerable<SvmTest> All =>
        from atomic in new[] { None, Atomic }
        from middle in new[] { None, Middle }
        from remap in new[] { None, Remap }
        from fault in new[] { CpuFault, None }
        let flags = atomic | middle | remap | fault
        select new SvmTest(NameOf(flags), $"half of 2 MiB is unmapped between two execs: {flags}", machine => Run(machine, flags));

    private static string NameOf(PartialFlags flags) => string.Concat(
        "partial",
        flags.HasFlag(Atomic) ? "-atomic" : "",
        flags.HasFlag(Middle) ? "-middle" : "",
        flags.HasFlag(Remap) ? "-remap" : "-munmap",
        flags.HasFlag(CpuFault) ? "-cpu-fault" : "-no-cpu-fault");

    private static void Run(SvmMachine machine, PartialFlags flags)
    {
        GpuClient client = machine.AddGpu().Open(machine.AddProcess(1));
        var queue = new DirectQueue(machine, client);
        SvmProcess process = client.Process;
        VirtualAddress start = process.Reserve(Size, HugePage.Size);
        process.MapAt(start, Size);
        var buffer = new TestBuffer(start, Size, Size);
        buffer.FillBy(queue.Cpu);
        int gap = flags.HasFlag(Middle) ? (int)Half / 2 : 0;
        int second = gap + (int)Half;
        VirtualAddress other = start + gap;
        Prepare(queue, buffer, 0, 7, flags, queue.Fence);
        Prepare(queue, buffer, second, 8, flags, flags.HasFlag(Remap) ? other : queue.Fence);

        queue.Run(start, 7);
        if (flags.HasFlag(CpuFault))
        {
            buffer.Check(queue.Cpu, 0, ExecRecord.Size, "the first record");
        }

        process.Unmap(other, Half);
        client.ExpectGone(AddressRange.FromLength(other, Half), "the half that was unmapped");
        if (flags.HasFlag(Remap))
        {
            process.MapAt(other, Half);
            process.Advise(other, Half, Advice.PopulateWrite);
        }

        queue.Run(start + second, 8, flags.HasFlag(Remap) ? other : null);
        buffer.Check(queue.Cpu, 0, gap, "what lies before");
        buffer.Check(queue.Cpu, second, (int)Size - second, "what lies behind");
        if (flags.HasFlag(Remap))
        {
            var added = new TestBuffer(other, Half, Half);
            added.Note(0, 8);
            added.Check(queue.Cpu, 0, (int)Half, "what is new");
        }

        queue.Leave();
    }

    /// <summary>Writes a batch that makes the value of its record's data, and notes what will be there.</summary>
    private static void Prepare(DirectQueue queue, TestBuffer buffer, int offset, ulong value, PartialFlags flags, VirtualAddress fence)
    {
        VirtualAddress record = buffer.Address + offset;
        var batch = new ExecBatch(record + ExecRecord.Data, value, fence)
        {
            Command = flags.HasFlag(Atomic) ? ExecCommand.Increment : ExecCommand.Store,
        };
        batch.WriteTo(buffer.Image.AsSpan(offset));
        buffer.Note(offset + ExecRecord.Data, value - 1);
        queue.Cpu.Write(record, buffer.Image.AsSpan(offset, ExecRecord.Size));
        buffer.Note(offset + ExecRecord.Data, value);
    }
}
