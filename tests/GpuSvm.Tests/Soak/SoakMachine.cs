using GpuSvm.Core;

namespace GpuSvm.Tests.Soak;

/// <summary>
/// A machine whose CPU threads and GPU write the same pages while those move to the GPU's memory and home, and others come and go. What
/// every word must hold is counted beside it.
/// </summary>
internal sealed class SoakMachine : IDisposable
{
    /// <summary>96 MiB, half as much again as the GPU's own memory.</summary>
    public const int Pages = 24576;

    private const int CpuThreads = 2;
    private const int GpuBlocks = 8;
    private const int GpuThreads = GpuBlocks * 32;
    private const long TouchesOfGpuThread = 24;
    private const int TouchesOfCpuThread = 4000;
    private const int Moves = 24;
    private const int Churns = 60;

    private readonly Machine _machine;
    private readonly SimulatedProcess _process;
    private readonly VirtualAddress _memory;
    private readonly long[] _gpuWords = new long[Pages];
    private readonly long[] _sharedWords = new long[Pages];
    private readonly long[][] _cpuWords = [new long[Pages], new long[Pages]];
    private readonly ulong _seed;

    public SoakMachine(ulong seed)
    {
        _seed = seed;
        _machine = new Machine(new MachineOptions
        {
            Seed = seed,
            Execution = ExecutionMode.Parallel,
            VideoMemory = ByteSize.MiB(64),
            SystemMemory = ByteSize.MiB(512),
            CpuThreads = CpuThreads + 2,
        });
        _process = _machine.StartProcess();
        _memory = _process.Map(Pages * 4096UL, Protection.ReadWrite);
    }

    /// <summary>Pages that have moved to the GPU's memory so far.</summary>
    public long Moved { get; private set; }

    /// <summary>One round of everything at once.</summary>
    public async Task RoundAsync(int round)
    {
        var args = new SoakArgs(_memory, Pages, _seed + (ulong)round, TouchesOfGpuThread);
        Task<LaunchResult> kernel = Task.Run(() => _machine.Gpu.LaunchAsync(_process, SoakKernel.Run, GpuBlocks, 32, args));
        Task[] others =
        [
            .. Enumerable.Range(0, CpuThreads).Select(thread => Task.Run(() => Touch(thread, round))),
            Task.Run(() => Move(round)),
            Task.Run(() => Churn(round)),
        ];
        await Task.WhenAll(others);
        LaunchResult result = await kernel;
        Assert.True(result.Succeeded, $"round {round}: {result.Fault} {result.Exception}");
        for (long thread = 0; thread < GpuThreads; thread++)
        {
            for (long touch = 0; touch < TouchesOfGpuThread; touch++)
            {
                long page = SoakKernel.PageOf(args, thread, GpuThreads, touch);
                _gpuWords[page]++;
                _sharedWords[page]++;
            }
        }
    }

    /// <summary>Compares every word with what it must hold; brings every page home by it.</summary>
    public void Check(int round)
    {
        CpuThread cpu = _process.Cpu(0);
        Assert.InRange(_machine.VideoPages, 0, (long)(ByteSize.MiB(64).Bytes >> 12));
        for (int page = 0; page < Pages; page++)
        {
            VirtualAddress at = _memory + (4096L * page);
            (long, long, long, long) expected = (_gpuWords[page], _sharedWords[page], _cpuWords[0][page], _cpuWords[1][page]);
            (long, long, long, long) found = (
                cpu.Load<long>(at + SoakKernel.OwnWord),
                cpu.Load<long>(at + SoakKernel.SharedWord),
                cpu.Load<long>(at + SoakKernel.CpuWords),
                cpu.Load<long>(at + SoakKernel.CpuWords + 8UL));
            Assert.True(expected == found, $"seed {_seed}, round {round}, page {page}: {found}, not {expected}");
        }

        Assert.InRange(_machine.AllocatedFrames, 1, Pages);
    }

    /// <summary>The machine itself looks whether anything is left.</summary>
    public void Dispose() => _machine.Dispose();

    private void Touch(int thread, int round)
    {
        CpuThread cpu = _process.Cpu(thread);
        var random = new SeededRandom(_seed + ((ulong)round * 16) + (ulong)thread);
        ulong own = SoakKernel.CpuWords + (8UL * (ulong)thread);
        for (int i = 0; i < TouchesOfCpuThread; i++)
        {
            int page = random.Next(Pages);
            VirtualAddress at = _memory + (4096L * page);
            cpu.Store(at + own, cpu.Load<long>(at + own) + 1);
            _cpuWords[thread][page]++;
            if (i % 8 == 0)
            {
                AddShared(cpu, at + SoakKernel.SharedWord);
                Interlocked.Increment(ref _sharedWords[page]);
            }
        }
    }

    private static void AddShared(CpuThread cpu, VirtualAddress word)
    {
        long seen = cpu.Load<long>(word);
        for (long found; (found = cpu.CompareExchange(word, seen, seen + 1)) != seen; seen = found)
        {
        }
    }

    private void Move(int round)
    {
        var random = new SeededRandom(_seed + ((ulong)round * 16) + 8);
        for (int i = 0; i < Moves; i++)
        {
            int pages = 1 + random.Next(512);
            VirtualAddress at = _memory + (4096L * random.Next(Pages - pages));
            Errno error = _process.TryMigrateToDevice(at, (ulong)pages * 4096, out long moved);
            Assert.True(error is Errno.None or Errno.ENOMEM or Errno.EBUSY, $"round {round}: {error}");
            Moved += moved;
        }
    }

    /// <summary>Memory beside: mapped, stored to, forked, moved, given up.</summary>
    private void Churn(int round)
    {
        CpuThread cpu = _process.Cpu(CpuThreads);
        var random = new SeededRandom(_seed + ((ulong)round * 16) + 9);
        for (int i = 0; i < Churns; i++)
        {
            ulong bytes = (1 + (ulong)random.Next(64)) * 4096;
            VirtualAddress at = _process.Map(bytes, Protection.ReadWrite);
            cpu.Store(at, (long)i);
            _process.TryMigrateToDevice(at, bytes, out _);
            if (i % 16 == 0)
            {
                ChildSees(at, i);
            }

            Assert.Equal(i, cpu.Load<long>(at));
            _process.Protect(at, bytes, Protection.Read);
            _process.Unmap(at, bytes);
        }
    }

    private void ChildSees(VirtualAddress at, long value)
    {
        // EBUSY: a page that is the device's alone could not be had back in time.
        if (_process.TryFork(out SimulatedProcess? child) is Errno.None)
        {
            using (child)
            {
                Assert.Equal(value, child!.Cpu(0).Load<long>(at));
            }
        }
    }
}
