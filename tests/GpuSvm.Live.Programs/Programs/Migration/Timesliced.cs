using System.Diagnostics;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Migration;

/// <summary>A page stays on the GPU for its timeslice though the CPU wants it, but not for ever; who waits for it keeps nobody else waiting.</summary>
internal sealed class Timesliced : ILiveProgram
{
    private const int Pages = 16;

    /// <summary>Longer than the CPU waits at most, so that it has to wait however slow the machine is.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public string Name => "timesliced";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions
        {
            Ranges = new SvmRangeOptions { Placement = SvmResidency.Device, Timeslice = Slice },
        });
        VirtualAddress start = svm.MapAligned(Pages);
        VirtualAddress other = svm.Map(Pages * Page.Size, Protection.ReadWrite);
        svm.Word(start, 3) = 3;
        (await svm.AddAsync(start, Pages, 1)).ThrowIfFailed();
        Task<(int Value, TimeSpan Waited)> waiter = Task.Run(() =>
        {
            long begun = Stopwatch.GetTimestamp();
            return (svm.Word(start, 3), Stopwatch.GetElapsedTime(begun));
        });
        int served = 0;
        while (!waiter.IsCompleted)
        {
            // Faults and events of others are served meanwhile.
            svm.Word(other, served % Pages) = served;
            Storm.Touching.Discard(other + ((ulong)(served % Pages) * Page.Size), 1);
            served++;
        }

        (int value, TimeSpan waited) = await waiter;
        Check.Equal(4, value, "the word");
        Check.That(waited >= Deadline.Default, $"The CPU has waited for {waited}, less than {Deadline.Default}.");
        MigrationCounters counters = (await svm.CountersAsync()).Migration;
        Check.That(counters.TimesliceRefusals is > 0 and < 1000, $"Asked again at the end, not all the time: {counters.TimesliceRefusals} refusals");
        await output.WriteLineAsync($"others were served {served} times meanwhile, {counters.TimesliceRefusals} refusals");
    }
}
