using GpuSvm.Core;
using GpuSvm.Gpu;

namespace GpuSvm.Controls.Scenarios;

/// <summary>More threads fault than the ring has entries: each must be served in the end.</summary>
public sealed class GpuOverflowScenario : IControlScenario
{
    private const ulong Base = 0x7f00_0000_0000;

    /// <inheritdoc/>
    public string Name => "gpu-overflow";

    /// <inheritdoc/>
    public Verdict Run(Deadline deadline, TextWriter log)
    {
        var options = new SoftwareGpuOptions { Sms = 1, FaultBufferEntries = 2, FaultTimeout = TimeSpan.FromMilliseconds(100) };
        using var rig = new GpuRig(options);
        IFaultBuffer buffer = rig.Gpu.FaultBuffer;
        rig.Gpu.SetFaultInterrupt(() =>
        {
            buffer.ClearOverflow();
            while (buffer.Get != buffer.Put && buffer.TryRead(buffer.Get, out FaultEntry entry))
            {
                rig.Map(Page.AlignDown(entry.Address), (int)((entry.Address - Base) >> Page.Shift));
                buffer.WriteGet((buffer.Get + 1) % buffer.EntryCount);
            }

            rig.Gpu.Replay();
        });
        LaunchResult result = rig.Gpu.LaunchAsync(GpuRig.Channel, StoreToOwnPage, 1, 8, Base).Result;
        log.WriteLine($"{result.Status} {result.Fault}, {rig.Gpu.Counters.Overflows} overflows");
        return !result.Succeeded ? Verdict.Caught : rig.Gpu.Counters.Overflows > 0 ? Verdict.Clean : Verdict.Inconclusive;
    }

    private static async GpuTask StoreToOwnPage(GpuThread t, ulong at) => await t.Store(at + (4096 * (ulong)t.GlobalIndex), 1L);
}
