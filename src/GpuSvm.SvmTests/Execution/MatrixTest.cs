namespace GpuSvm.SvmTests;

/// <summary>A test of the matrix: a section in the shape of a wrapper.</summary>
internal static class MatrixTest
{
    /// <summary>Makes the test of a section and a wrapper.</summary>
    public static SvmTest Create(SvmWrapper wrapper, SvmSection section) =>
        new($"{wrapper.Name}-{section.Name}", Summarize(wrapper, section), machine => Run(machine, wrapper, section))
        {
            Wrapper = wrapper.Name,
            Section = section.Name,
            IsRace = section.Has(SectionFlags.Race),
        };

    /// <summary>Sets the work of each thread up.</summary>
    public static IReadOnlyList<SectionRun> Prepare(SvmMachine machine, SvmWrapper wrapper, SvmSection section)
    {
        int workers = wrapper.Workers;
        int sms = wrapper.Spread is Spread.ThreadsSharedVm or Spread.Processes ? 2 : 1;
        bool isOneProcess = wrapper.Spread != Spread.Processes;
        var runs = new List<SectionRun>();
        GpuClient? client = null;
        for (int i = 0; i < workers; i++)
        {
            client = (client, wrapper.Spread) switch
            {
                ({ } one, Spread.Threads) => machine.AddGpu().Open(one.Process),
                ({ } one, Spread.Processes) => one.Gpu.Open(machine.AddProcess(SectionRun.CpuThreads)),
                ({ } one, _) => one,
                _ => machine.AddGpu(sms).Open(machine.AddProcess((isOneProcess ? workers : 1) * SectionRun.CpuThreads)),
            };
            runs.Add(new SectionRun(machine, client, section, wrapper, isOneProcess ? i : 0));
        }

        return runs;
    }

    private static void Run(SvmMachine machine, SvmWrapper wrapper, SvmSection section)
    {
        IReadOnlyList<SectionRun> runs = Prepare(machine, wrapper, section);
        if (runs.Count == 1)
        {
            runs[0].Run();
        }
        else
        {
            SvmMachine.RunAll([.. runs.Select(run => (Action)run.Run)]);
        }
    }

    private static string Summarize(SvmWrapper wrapper, SvmSection section)
    {
        string who = wrapper.Spread switch
        {
            Spread.Threads => $"{wrapper.Workers} threads with a GPU each, ",
            Spread.ThreadsSharedVm => $"{wrapper.Workers} threads of one GPU, ",
            Spread.Processes => $"{wrapper.Workers} processes, ",
            _ => "",
        };
        string where = wrapper.Queues > 1 ? $" on {wrapper.Queues} channels" : "";
        string size = wrapper.SizeBytes == 0 ? "" : $" of {new ByteSize(wrapper.SizeBytes)}";
        return $"{who}{wrapper.Execs} execs{where}, buffers{size}: {section.Flags}";
    }
}
