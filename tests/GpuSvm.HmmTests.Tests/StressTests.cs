namespace GpuSvm.HmmTests.Tests;

/// <summary>
/// Two CPU threads count in their words of shared pages while two devices read, move and take the pages, and the process forks and asks for
/// huge pages: no count is ever lost.
/// </summary>
public sealed class StressTests
{
    private const int Pages = 2 * HmmProcess.BlockPages;
    private const int StepsOfCpu = 5_000;
    private const int StepsOfDevice = 60;
    private const int StepsOfProcess = 15;

    /// <summary>Errors that a device may get when others hold, move or want the same pages.</summary>
    private static readonly Errno[] Allowed = [Errno.None, Errno.ENOENT, Errno.EBUSY];

    [Theory]
    [InlineData(DevicePageKind.Private, Advice.NoHugePage, 1UL)]
    [InlineData(DevicePageKind.Private, Advice.HugePage, 2UL)]
    [InlineData(DevicePageKind.Coherent, Advice.NoHugePage, 3UL)]
    [InlineData(DevicePageKind.Coherent, Advice.HugePage, 4UL)]
    public void No_count_is_lost_while_pages_move(DevicePageKind kind, Advice advice, ulong seed)
    {
        // Time stands still: a deadline would only say how busy the computer is. A wake-up that is lost shows as a test that never ends.
        using var machine = new HmmMachine(kind, seed, new ManualClock());
        VirtualAddress buffer = machine.MapBlock(advice, blocks: 2);
        DeviceFile second = machine.Process.Open(machine.Second);
        SvmThread[] threads =
        [
            Start(machine, "cpu 0", random => Count(machine.Process.Cpu.Thread(0), buffer, word: 0, random)),
            Start(machine, "cpu 1", random => Count(machine.Process.Cpu.Thread(1), buffer, word: 1, random)),
            Start(machine, "first device", random => Command(machine.File, buffer, random)),
            Start(machine, "second device", random => Command(second, buffer, random)),
            Start(machine, "process", random => Change(machine, buffer, random)),
        ];

        // All of them, before the machine goes: also when one has failed.
        Exception?[] failures = Array.ConvertAll(threads, thread => Record.Exception(thread.Join));

        Assert.All(failures, Assert.Null);
        foreach (DeviceFile file in (DeviceFile[])[machine.File, second])
        {
            Assert.Equal(Errno.None, file.Run(DeviceVerb.Release, buffer, 1, []).Error);
        }

        machine.End();
    }

    private static SvmThread Start(HmmMachine machine, string name, Action<SeededRandom> body)
    {
        SeededRandom random = machine.Random.Fork((ulong)name.Length);
        return SvmThread.Start(name, () => body(random));
    }

    private static void Count(CpuThread cpu, VirtualAddress buffer, int word, SeededRandom random)
    {
        int[] counts = new int[Pages];
        for (int step = 0; step < StepsOfCpu; step++)
        {
            int page = random.Next(Pages);
            VirtualAddress address = buffer + ((ulong)page * Page.Size) + (word * sizeof(int));
            Assert.Equal((page, counts[page]), (page, cpu.Load<int>(address)));
            cpu.Store(address, ++counts[page]);
        }

        for (int page = 0; page < Pages; page++)
        {
            Assert.Equal((page, counts[page]), (page, cpu.Load<int>(buffer + ((ulong)page * Page.Size) + (word * sizeof(int)))));
        }
    }

    private static void Change(HmmMachine machine, VirtualAddress buffer, SeededRandom random)
    {
        AddressSpace space = machine.Process.Space;
        for (int step = 0; step < StepsOfProcess; step++)
        {
            VirtualAddress block = buffer + ((ulong)random.Next(2) * HugePage.Size);
            Advice[] advice = [Advice.Collapse, Advice.HugePage, Advice.NoHugePage];
            int choice = random.Next(advice.Length + 1);
            if (choice < advice.Length)
            {
                _ = space.Advise(block, HugePage.Size, advice[choice]);
                continue;
            }

            var cpu = new SimulatedCpu(machine.Frames.Memory, 1);
            Errno error = space.TryFork(cpu, null, out AddressSpace? child);
            Assert.True(error is Errno.None or Errno.EBUSY, $"fork: {error}");
            if (child is not null)
            {
                ReadTwice(cpu.Thread(0), buffer, random);
                child.Exit();
            }
        }
    }

    /// <summary>A child has the counts of one moment, and they stay.</summary>
    private static void ReadTwice(CpuThread cpu, VirtualAddress buffer, SeededRandom random)
    {
        VirtualAddress[] pages = [.. Enumerable.Range(0, 50).Select(_ => buffer + ((ulong)random.Next(Pages) * Page.Size))];
        long[] first = [.. pages.Select(page => cpu.Load<long>(page))];
        Assert.Equal(first, pages.Select(page => cpu.Load<long>(page)));
    }

    private static void Command(DeviceFile file, VirtualAddress buffer, SeededRandom random)
    {
        DeviceVerb[] verbs =
            [DeviceVerb.Read, DeviceVerb.MigrateToDevice, DeviceVerb.MigrateToDevice, DeviceVerb.MigrateToSystem, DeviceVerb.MakeExclusive];
        byte[] mirror = new byte[Pages * (int)Page.Size];
        for (int step = 0; step < StepsOfDevice; step++)
        {
            DeviceVerb verb = verbs[random.Next(verbs.Length)];
            int first = random.Next(4) == 0 ? 0 : random.Next(Pages);
            int pages = verb == DeviceVerb.MakeExclusive ? 1 : 1 + random.Next(Pages - first);
            (Errno error, _, _) = file.Run(verb, buffer + ((ulong)first * Page.Size), pages, mirror);
            Assert.True(Allowed.Contains(error), $"{verb} of {pages} pages from {first} on: {error}");
        }
    }
}
