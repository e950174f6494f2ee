namespace GpuSvm.Workloads.Tests.Kernels;

public sealed class ListWalkKernelTests
{
    [Theory]
    [InlineData(ExecutionMode.Sequential)]
    [InlineData(ExecutionMode.Parallel)]
    public async Task Each_thread_records_each_of_its_walks(ExecutionMode execution)
    {
        using TestMachine machine = TestMachine.Create(execution, seed: 4);
        ulong control = machine.Map((long)ListWalk.ControlBytes);
        ulong far = machine.Map(100 * 4096);
        ulong[] nodes = [far + (99 * 4096), far, far + 4096 + 16];
        ListDigest expected = Build(machine, control, nodes);
        machine.Cpu.Store(control + ListWalk.VersionOffset, 6L);
        const int Threads = 3;
        ListWalkArgs args = Args(machine, control, Threads, walks: 2, wanted: 0, maximum: 5);

        await machine.RunAsync(ListWalk.Kernel, Threads, 1, args);

        for (ulong thread = 0; thread < Threads; thread++)
        {
            Assert.Equal(2, machine.Cpu.Load<long>(args.Walked + (8 * thread)));
            for (ulong walk = 0; walk < 2; walk++)
            {
                ulong record = args.Records + (((thread * 5) + walk) * ListWalk.RecordBytes);
                Assert.Equal(new ListWalkRecord(6, 6, expected), Read(machine, record));
            }
        }
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(8, 2)]
    public async Task Walks_go_on_until_enough_changes_or_their_maximum(long changes, long walks)
    {
        using TestMachine machine = TestMachine.Create(ExecutionMode.Sequential, seed: 4);
        ulong control = machine.Map((long)ListWalk.ControlBytes);
        machine.Cpu.Store(control + ListWalk.ChangesOffset, changes);
        ListWalkArgs args = Args(machine, control, threads: 1, walks: 2, wanted: 8, maximum: 5);

        await machine.RunAsync(ListWalk.Kernel, 1, 1, args);

        Assert.Equal(walks, machine.Cpu.Load<long>(args.Walked));
        Assert.Equal(default, Read(machine, args.Records));
    }

    private static ListWalkArgs Args(TestMachine machine, ulong control, int threads, long walks, long wanted, long maximum) => new(
        control, machine.Map(8L * threads), machine.Map(threads * maximum * (long)ListWalk.RecordBytes), walks, wanted, maximum);

    private static ListDigest Build(TestMachine machine, ulong control, ulong[] nodes)
    {
        var digest = default(ListDigest);
        machine.Cpu.Store(control + ListWalk.HeadOffset, nodes[0]);
        for (int i = 0; i < nodes.Length; i++)
        {
            ulong value = 1000UL + (ulong)i;
            machine.Cpu.Store(nodes[i] + ListWalk.ValueOffset, value);
            machine.Cpu.Store(nodes[i] + ListWalk.NextOffset, i + 1 < nodes.Length ? nodes[i + 1] : 0UL);
            digest = digest.Add(value);
        }

        return digest;
    }

    private static ListWalkRecord Read(TestMachine machine, ulong record)
    {
        CpuThread cpu = machine.Cpu;
        var seen = new ListDigest(cpu.Load<long>(record + 16), cpu.Load<ulong>(record + 24), cpu.Load<ulong>(record + 32));
        return new ListWalkRecord(cpu.Load<long>(record), cpu.Load<long>(record + 8), seen);
    }
}
