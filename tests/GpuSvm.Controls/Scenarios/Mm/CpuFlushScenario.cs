using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Controls.Scenarios.Mm;

/// <summary>One CPU thread reads a page while another replaces its mapping again and again, so that its frame is freed and used again.</summary>
/// <remarks>
/// Freed frames are poisoned. The reader may see zero (a fresh page) or the mark that is stored in each new page; whatever else it
/// sees came through a translation that should have been flushed.
/// </remarks>
public sealed class CpuFlushScenario : IControlScenario
{
    private const ulong Address = 0x10000;
    private const ulong OtherAddress = 0x20000;
    private const long Mark = 0x1234;
    private const long OtherMark = 0x5678;
    private bool _stop;
    private long _loads;
    private long _staleLoads;

    /// <inheritdoc/>
    public string Name => "cpu-flush";

    /// <inheritdoc/>
    public Verdict Run(Deadline deadline, TextWriter log)
    {
        using var memory = new SystemMemory(64);
        using var frames = new PageFrames(memory, new PageFramesOptions { LimitFrames = 2 });
        var cpu = new SimulatedCpu(memory, 2);
        using var mm = new AddressSpace(frames, cpu, new AddressSpaceOptions());
        Replace(mm, Address);

        // Written before it is read, else the reader's first translation is the shared zero page, which nobody ever frees.
        cpu.Thread(0).Store(Address, Mark);
        SvmThread reader = SvmThread.Start("reader", () => Read(cpu.Thread(1)));
        long rounds = 0;
        while (!deadline.HasPassed && Volatile.Read(ref _staleLoads) == 0)
        {
            // The two pages take each other's frames: a stale load sees poison, or the other page's mark.
            Replace(mm, Address);
            Replace(mm, OtherAddress);
            cpu.Thread(0).Store(OtherAddress, OtherMark);
            cpu.Thread(0).Store(Address, Mark);
            rounds++;
        }

        Volatile.Write(ref _stop, true);
        reader.Join();
        log.WriteLine($"{rounds} rounds, {_loads} loads, {_staleLoads} stale loads");
        return _staleLoads > 0 ? Verdict.Caught : rounds > 10 && _loads > 10 ? Verdict.Clean : Verdict.Inconclusive;
    }

    private static void Replace(AddressSpace mm, ulong address)
    {
        Errno error = mm.Map(address, Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        if (error != Errno.None)
        {
            throw new InvalidOperationException($"{error}");
        }
    }

    private void Read(CpuThread cpu)
    {
        while (!Volatile.Read(ref _stop))
        {
            if (cpu.Load<long>(Address) is not (0 or Mark))
            {
                Interlocked.Increment(ref _staleLoads);
            }

            _loads++;
        }
    }
}
