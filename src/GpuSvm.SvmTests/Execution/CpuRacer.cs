namespace GpuSvm.SvmTests;

/// <summary>What the CPU does while the GPU runs an exec.</summary>
/// <remarks>
/// It reads the words that the exec writes, counts in a word of its own on the same page, and replaces and moves a second allocation, which
/// the exec reads once.
/// </remarks>
internal sealed class CpuRacer(SvmProcess process, CpuThread cpu, VirtualAddress record, VirtualAddress beside, int rounds)
{
    /// <summary>What the CPU stores in the second allocation.</summary>
    public const ulong Mark = 0x5eca_11ed;

    private readonly ulong _value = cpu.Load<ulong>(record + ExecRecord.Value);
    private readonly ulong _before = cpu.Load<ulong>(record + ExecRecord.Data);
    private bool _isOver;

    /// <summary>The last count that it stored.</summary>
    public ulong LastStored { get; private set; } = cpu.Load<ulong>(record + ExecRecord.CpuWord);

    /// <summary>Runs an exec with this beside it.</summary>
    public LaunchResult RunBeside(Func<LaunchResult> exec)
    {
        SvmThread racer = SvmThread.Start("cpu", Race);
        LaunchResult result = exec();
        SharedWord.Write(ref _isOver, true);
        racer.Join();
        return result;
    }

    private void Race()
    {
        for (int i = 0; i < rounds && (i == 0 || !SharedWord.Read(ref _isOver)); i++)
        {
            ReadWhatTheGpuWrites();
            CountUp((ulong)i + 1);
            ChangeWhatLiesBeside(i);
        }
    }

    /// <summary>The fence is written last: who sees it sees the rest.</summary>
    private void ReadWhatTheGpuWrites()
    {
        ulong fence = cpu.Load<ulong>(record + ExecRecord.Fence);
        ulong data = cpu.Load<ulong>(record + ExecRecord.Data);
        Expect.That(fence == 0 || fence == _value, $"the CPU read 0x{fence:x} as fence of 0x{_value:x}");
        Expect.That(data == _value || (data == _before && fence == 0), $"the CPU read 0x{data:x} after fence 0x{fence:x}");
    }

    private void CountUp(ulong count)
    {
        cpu.Store(record + ExecRecord.CpuWord, count);
        Expect.Equal(count, cpu.Load<ulong>(record + ExecRecord.CpuWord), "what the CPU has stored beside what the GPU writes");
        LastStored = count;
    }

    private void ChangeWhatLiesBeside(int round)
    {
        cpu.Store(beside, Mark);
        if (round % 2 == 0)
        {
            process.Remap(beside, Page.Size, RemapFlags.DontUnmap, beside + Page.Size);
            Expect.Equal(Mark, cpu.Load<ulong>(beside + Page.Size), "what the CPU has moved");
        }
        else
        {
            process.MapAt(beside, Page.Size);
        }

        Expect.Equal(0UL, cpu.Load<ulong>(beside), "what is new beside the buffer");
    }
}
