using GpuSvm.Core;
using GpuSvm.Gpu;
using GpuSvm.Mmu;

namespace GpuSvm.Controls.Scenarios;

/// <summary>A kernel reads a page on real threads while the page is taken away and its frame given to someone else.</summary>
/// <remarks>
/// The freed frame is marked. A kernel that reads the mark used a translation after the unmapping had returned; one that the IOMMU stops
/// used it after the frame was unmapped for DMA, which comes after the flush.
/// </remarks>
public sealed class GpuUnmapScenario : IControlScenario
{
    private const ulong Control = 0x7f00_0000_0000;
    private const ulong Moving = Control + 0x1000;
    private const ulong Seen = Control + 8;

    /// <inheritdoc/>
    public string Name => "gpu-unmap";

    /// <inheritdoc/>
    public Verdict Run(Deadline deadline, TextWriter log)
    {
        using var rig = new GpuRig(new SoftwareGpuOptions { Execution = ExecutionMode.Parallel, Sms = 1 });
        using var moved = new WorkQueue("driver");
        rig.Map(Control, 0);
        var remap = new WorkItem(() => rig.Serve(Moving, 1));
        rig.Gpu.SetFaultInterrupt(() => moved.Enqueue(remap));
        Task<LaunchResult> running = rig.Gpu.LaunchAsync(GpuRig.Channel, ReadUntilTold, 1, 4, Control);
        long rounds = 0;
        while (!deadline.HasPassed && !running.IsCompleted && rig.Word(0, Seen - Control) == 0)
        {
            rig.Hold(() =>
            {
                rig.Unmap(Moving);
                rig.Word(1, 0) = 1;
                Thread.SpinWait(200);
                rig.Word(1, 0) = 0;
            });
            moved.Enqueue(remap);
            rounds++;
        }

        long stale = rig.Word(0, Seen - Control);
        rig.Word(0, 0) = 1;
        LaunchResult result = running.Result;
        rig.Gpu.SetFaultInterrupt(null);
        log.WriteLine($"{rounds} rounds, stale {stale}, launch {result.Status} {result.Fault}, {rig.Gpu.Counters.Accesses} accesses");
        if (stale != 0 || rig.Gpu.Counters.IommuFaults != 0)
        {
            return Verdict.Caught;
        }

        return result.Succeeded && rounds > 0 ? Verdict.Clean : Verdict.Inconclusive;
    }

    private static async GpuTask ReadUntilTold(GpuThread t, ulong control)
    {
        while (await t.Load<long>(control) == 0)
        {
            if (await t.Load<long>(Moving) != 0)
            {
                await t.Store(Seen, 1L);
            }
        }
    }
}
