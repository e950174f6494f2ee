using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Controls.Scenarios;

/// <summary>The CPU replaces pages again and again under a kernel that reads them: the GPU never reads a page that was given away.</summary>
/// <remarks>
/// Round v: the watched pages are replaced by fresh ones, v is stored in each, and then v is published elsewhere. A thread that loads the
/// published number first and that of its page second must find a number at least as new, or the zero of a page that was just replaced.
/// An older number, or the poison of a freed frame, came through a translation that should be gone.
/// </remarks>
public sealed class StaleReadScenario : IControlScenario
{
    private const int Enough = 20_000;
    private const int Few = 100;
    private const int Pages = 16;

    /// <inheritdoc/>
    public string Name => "stale-read";

    /// <inheritdoc/>
    public Verdict Run(Deadline deadline, TextWriter log)
    {
        using var m = new Machine(new MachineOptions { Sms = 1, Execution = ExecutionMode.Parallel });
        SimulatedProcess p = m.StartProcess();
        VirtualAddress watched = p.Map(Pages * Page.Size, Protection.ReadWrite);
        VirtualAddress words = p.Map(4096, Protection.ReadWrite);
        var args = new ReaderArgs(watched, words, words + 64L, words + 128L, words + 1024L);
        Task<LaunchResult> kernel = m.Gpu.LaunchAsync(p, ReadAsync, grid: 1, block: Pages, args);

        CpuThread cpu = p.Cpu(0);
        var random = new SeededRandom(1);
        int version = 0;
        while (version < Enough && !deadline.HasPassed && cpu.Load<ulong>(args.Stale) == 0 && !kernel.IsCompleted)
        {
            // The first replacement makes the kernel fault; the second comes while that fault is served.
            Replace(p, watched, ++version);
            Pause(random.Next(2000));
            Replace(p, watched, ++version);
            cpu.Store(args.Published, version);
            var spin = default(Spin);
            while (!AllHaveSeen(cpu, args, version) && cpu.Load<ulong>(args.Stale) == 0 && !kernel.IsCompleted && !deadline.HasPassed)
            {
                spin.Once();
            }
        }

        cpu.Store(args.Stop, 1);
        if (!kernel.Wait(TimeSpan.FromSeconds(10)))
        {
            log.WriteLine($"after {version} replacements the kernel does not see the store that ends it: it reads a page of long ago");
            return Verdict.Caught;
        }

        LaunchResult result = kernel.GetAwaiter().GetResult();
        ulong stale = cpu.Load<ulong>(args.Stale);
        log.WriteLine($"{version} replacements, {m.Counters.Faults} faults, {m.Counters.Retries} retries; launch {result.Status} {result.Fault}");
        if (stale != 0)
        {
            log.WriteLine($"version {stale >> 32} was published, then 0x{stale & uint.MaxValue:x} was read");
            return Verdict.Caught;
        }

        // A mutation may also show as an access to a DMA address that was taken back.
        return !result.Succeeded ? Verdict.Caught : version < Few ? Verdict.Inconclusive : Verdict.Clean;
    }

    private static void Replace(SimulatedProcess p, VirtualAddress pages, int version)
    {
        Errno error = p.TryMap(pages, Pages * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        Checks.That(error == Errno.None, "Pages can be replaced in place.");
        for (int i = 0; i < Pages; i++)
        {
            p.Cpu(0).Store(pages + (4096L * i), version);
        }
    }

    private static bool AllHaveSeen(CpuThread cpu, in ReaderArgs args, int version)
    {
        for (int i = 0; i < Pages; i++)
        {
            if (cpu.Load<int>(args.Seen + (4L * i)) < version)
            {
                return false;
            }
        }

        return true;
    }

    private static void Pause(int loads)
    {
        for (int i = 0; i < loads; i++)
        {
            SchedulePoint.Reach(SchedulePointKind.Spin);
        }
    }

    private static async GpuTask ReadAsync(GpuThread t, ReaderArgs a)
    {
        while (await t.Load<int>(a.Stop) == 0)
        {
            // Yield: the threads of a warp take turns, as the SM executes a thread until it waits.
            uint published = await t.Load<uint>(a.Published);
            uint found = await t.Load<uint>(a.Watched + (4096 * t.GlobalIndex));
            if (found != 0 && (found < published || found > 1 << 28))
            {
                await t.AtomicCompareExchange(a.Stale, 0UL, ((ulong)published << 32) | found);
                return;
            }

            await t.Store(a.Seen + (4 * t.GlobalIndex), published);
            await t.Yield();
        }
    }

    private readonly record struct ReaderArgs(
        VirtualAddress Watched, VirtualAddress Published, VirtualAddress Stop, VirtualAddress Stale, VirtualAddress Seen);
}
