namespace GpuSvm.SvmTests;

/// <summary>Threads run execs on the same pages of one allocation.</summary>
internal static class SharedAllocationTests
{
    private const int Threads = SvmWrapper.Many;
    private const int Execs = 16;
    private const ulong Size = Execs * 2 * Page.Size;

    /// <summary>All of them.</summary>
    public static IEnumerable<SvmTest> All =>
    [
        Create("threads-shared-vm-shared-alloc-many-stride-malloc", Spread.ThreadsSharedVm, Run),
        Create("threads-shared-vm-shared-alloc-many-stride-malloc-race", Spread.ThreadsSharedVm, RunBesideCpu),
        Create("threads-shared-alloc-many-stride-malloc", Spread.Threads, Run),
        Create("threads-shared-alloc-many-stride-malloc-sync", Spread.Threads, RunInStep),
        Create("threads-shared-alloc-many-stride-malloc-race", Spread.Threads, RunBesideCpu),
    ];

    private static SvmTest Create(string name, Spread spread, Action<Worker[]> run) => new(
        name,
        $"{Threads} threads with {(spread == Spread.Threads ? "a GPU each" : "one GPU")}, {Execs} execs each, on the same pages",
        machine => Share(machine, spread, run));

    private static void Share(SvmMachine machine, Spread spread, Action<Worker[]> run)
    {
        SvmProcess process = machine.AddProcess(Threads * SectionRun.CpuThreads);
        GpuClient first = machine.AddGpu(sms: spread == Spread.ThreadsSharedVm ? 2 : 1).Open(process);
        var buffer = new TestBuffer(process.Map(Size), Size, Size);
        buffer.FillBy(process.Thread(0));
        Worker[] workers =
        [
            .. Enumerable.Range(0, Threads).Select(i => new Worker(
                new DirectQueue(machine, i > 0 && spread == Spread.Threads ? machine.AddGpu().Open(process) : first, i * SectionRun.CpuThreads),
                process,
                buffer,
                i)),
        ];

        run(workers);
        buffer.Check(process.Thread(0), 0, buffer.Image.Length, "the allocation in the end");
        Array.ForEach(workers, worker => worker.Queue.Leave());
    }

    private static void Run(Worker[] workers) =>
        SvmMachine.RunAll([.. workers.Select(worker => (Action)(() => worker.RunAll(worker.Exec)))]);

    private static void RunBesideCpu(Worker[] workers) =>
        SvmMachine.RunAll([.. workers.Select(worker => (Action)(() => worker.RunAll(worker.ExecBesideCpu)))]);

    /// <summary>All threads begin each exec together.</summary>
    private static void RunInStep(Worker[] workers)
    {
        for (int i = 0; i < Execs; i++)
        {
            int exec = i;
            SvmMachine.RunAll([.. workers.Select(worker => (Action)(() => worker.Exec(exec)))]);
        }
    }

    private sealed class Worker(DirectQueue queue, SvmProcess process, TestBuffer buffer, int index)
    {
        private readonly VirtualAddress _beside = process.Map(2 * Page.Size);

        public DirectQueue Queue => queue;

        public void RunAll(Action<int> exec)
        {
            for (int i = 0; i < Execs; i++)
            {
                exec(i);
            }
        }

        /// <summary>Its record of an exec lies on the same page as those of the others.</summary>
        public void Exec(int i)
        {
            int offset = OffsetOf(i);
            Prepare(i, queue.Fence, default);
            queue.Run(buffer.Address + offset, ValueOf(i));
            buffer.Check(queue.Cpu, offset, ExecRecord.Size, "record");
        }

        public void ExecBesideCpu(int i)
        {
            int offset = OffsetOf(i);
            VirtualAddress record = buffer.Address + offset;
            Prepare(i, record + ExecRecord.Fence, _beside);
            queue.Cpu.Store(record + ExecRecord.Fence, 0UL);
            var racer = new CpuRacer(process, process.Thread((index * SectionRun.CpuThreads) + 1), record, _beside, MachineSize.Full.RaceRounds);
            LaunchResult result = racer.RunBeside(() => queue.Submit(record));
            Expect.That(result.Succeeded, $"exec {i} ended as {result.Status}: {result.Fault}");
            ulong peeked = queue.Cpu.Load<ulong>(record + ExecRecord.Peeked);
            Expect.That(peeked is 0 or CpuRacer.Mark, $"the GPU read 0x{peeked:x} beside the buffer");
            buffer.Note(offset + ExecRecord.Peeked, peeked);
            buffer.Note(offset + ExecRecord.Fence, ValueOf(i));
            buffer.Note(offset + ExecRecord.CpuWord, racer.LastStored);
            buffer.Check(queue.Cpu, offset, ExecRecord.Size, "record");
        }

        private int OffsetOf(int i) => (i * 2 * (int)Page.Size) + (index * ExecRecord.Size);

        private ulong ValueOf(int i) => (1UL << 63) | ((ulong)index << 32) | (uint)i;

        private void Prepare(int i, VirtualAddress fence, VirtualAddress peek)
        {
            int offset = OffsetOf(i);
            VirtualAddress record = buffer.Address + offset;
            new ExecBatch(record + ExecRecord.Data, ValueOf(i), fence) { Peek = peek }.WriteTo(buffer.Image.AsSpan(offset));
            queue.Cpu.Write(record, buffer.Image.AsSpan(offset, ExecRecord.BatchSize));
            buffer.Note(offset + ExecRecord.Data, ValueOf(i));
        }
    }
}
