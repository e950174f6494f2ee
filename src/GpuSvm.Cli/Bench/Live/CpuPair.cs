namespace GpuSvm.Cli.Bench.Live;

/// <summary>The CPU of a program and that of the process that serves its faults; -1: any.</summary>
internal readonly record struct CpuPair(int Program, int Handler)
{
    /// <summary>The CPUs of a placement: the last ones that there are, as the first has the most interrupts to see to.</summary>
    /// <exception cref="BadInputException">There are not as many.</exception>
    public static CpuPair Of(LivePlacement placement)
    {
        IReadOnlyList<int> cpus = ProcessAffinity.Cpus;
        return placement switch
        {
            LivePlacement.Any => new CpuPair(-1, -1),
            LivePlacement.One => new CpuPair(cpus[^1], cpus[^1]),
            _ when cpus.Count > 1 => new CpuPair(cpus[^1], cpus[^2]),
            _ => throw new BadInputException("--cpus two: there is only one"),
        };
    }

    /// <summary>Keeps a process on a CPU.</summary>
    public static void Pin(int processId, int cpu)
    {
        if (cpu >= 0)
        {
            ProcessAffinity.Pin(processId, cpu);
        }
    }
}
