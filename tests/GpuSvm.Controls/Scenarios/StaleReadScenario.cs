using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Controls.Scenarios;

/// <summary>The CPU replaces a page again and again under a kernel that reads it: the GPU never reads a page that was given away.</summary>
/// <remarks>
/// Round v: the page at the watched address is replaced by a fresh one, v is stored there, and then v is published elsewhere. A kernel
/// that loads the published number first and the watched one second must find a number at least as new, or the zero of a page that was
/// just replaced. An older number, or the poison of a freed frame, came through a translation that should be gone.
/// </remarks>
public sealed class StaleReadScenario : IControlScenario
{
    private const int Enough = 20_000;
    private const int Few = 100;

    /// <inheritdoc/>
    public string Name => "stale-read";

    /// <inheritdoc/>
    public Verdict Run(Deadline deadline, TextWriter log)
    {
        using var m = new Machine(new MachineOptions { Sms = 1, Execution = ExecutionMode.Parallel });
        SimulatedProcess p = m.StartProcess();
        VirtualAddress watched = p.Map(4096, Protection.ReadWrite);
        VirtualAddress words = p.Map(4096, Protection.ReadWrite);
        var args = new ReaderArgs(watched, words, words + 64L, words + 128L, words + 192L);
        Task<LaunchResult> kernel = m.Gpu.LaunchAsync(p, ReadAsync, grid: 1, block: 1, args);

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
            while (cpu.Load<int>(args.Seen) < version && cpu.Load<ulong>(args.Stale) == 0 && !kernel.IsCompleted && !deadline.HasPassed)
            {
                spin.Once();
            }
        }

        cpu.Store(args.Stop, 1);
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

    private static void Replace(SimulatedProcess p, VirtualAddress page, int version)
    {
        Errno error = p.TryMap(page, 4096, Protection.ReadWrite, MapPlacement.Fixed, out _);
        Checks.That(error == Errno.None, "A page can be replaced in place.");
        p.Cpu(0).Store(page, version);
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
            uint published = await t.Load<uint>(a.Published);
            uint found = await t.Load<uint>(a.Watched);
            if (found != 0 && (found < published || found > 1 << 28))
            {
                await t.AtomicCompareExchange(a.Stale, 0UL, ((ulong)published << 32) | found);
                return;
            }

            await t.Store(a.Seen, published);
        }
    }

    private readonly record struct ReaderArgs(
        VirtualAddress Watched, VirtualAddress Published, VirtualAddress Stop, VirtualAddress Stale, VirtualAddress Seen);
}
