namespace GpuSvm.SvmTests;

/// <summary>Execs that reach what they must not reach.</summary>
internal static class FaultTests
{
    private const int Queues = 4;

    /// <summary>An exec at a bad address fails, with the address and the reason; others go on, and so do later ones of its channel.</summary>
    public static void Fault(SvmMachine machine)
    {
        GpuClient client = machine.AddGpu().Open(machine.AddProcess(1));
        DirectQueue[] queues = [.. Enumerable.Range(0, Queues).Select(_ => new DirectQueue(machine, client))];
        SvmProcess process = client.Process;
        VirtualAddress buffer = process.Map(HugePage.Size);
        VirtualAddress hole = process.Reserve(Page.Size, Page.Size);
        VirtualAddress readOnly = process.Map(Page.Size, Protection.Read);

        queues[0].RunOwn(buffer, 1);
        ExpectFault(queues[0].Submit(hole), hole, Errno.EFAULT);
        queues[0].Write(buffer, new ExecBatch(readOnly, 2, queues[0].Fence));
        ExpectFault(queues[0].Submit(buffer), readOnly, Errno.EPERM);
        queues[0].Write(buffer, new ExecBatch(hole + 8, 3, queues[0].Fence));
        ExpectFault(queues[0].Submit(buffer), hole + 8, Errno.EFAULT);
        Expect.Equal(1UL, queues[0].Cpu.Load<ulong>(queues[0].Fence), "the fence of execs that failed");
        for (int i = 0; i < Queues; i++)
        {
            queues[i].RunOwn(buffer + (i * ExecRecord.Size), 100UL + (ulong)i);
        }

        Array.ForEach(queues, queue => queue.Leave());
    }

    private static void ExpectFault(LaunchResult result, VirtualAddress address, Errno error) => Expect.Equal(
        (LaunchStatus.Faulted, address, error), (result.Status, result.Fault?.Address ?? 0UL, result.Fault?.Error ?? Errno.None), "a bad exec");
}
