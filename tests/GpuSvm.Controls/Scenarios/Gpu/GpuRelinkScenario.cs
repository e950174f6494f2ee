using GpuSvm.Core;
using GpuSvm.Gpu;

namespace GpuSvm.Controls.Scenarios;

/// <summary>A page is unmapped with its tables and mapped again with others, between two reads of a kernel.</summary>
/// <remarks>A walker that remembers a directory entry from before reads the old table's bytes: poison, or another table.</remarks>
public sealed class GpuRelinkScenario : IControlScenario
{
    private const ulong First = 0x7f00_0000_0000;
    private const ulong Other = First + (1UL << 38);
    private const ulong Output = First + (1UL << 47);

    /// <inheritdoc/>
    public string Name => "gpu-relink";

    /// <inheritdoc/>
    public Verdict Run(Deadline deadline, TextWriter log)
    {
        using var rig = new GpuRig(new SoftwareGpuOptions { Sms = 1 });
        rig.Gpu.SetFaultInterrupt(() => rig.Gpu.Cancel(
            GpuRig.Channel, new GpuFaultReport(First, FaultAccess.Read, "a fault where a page is mapped", Errno.EFAULT)));
        rig.Map(Output, 2);
        for (int frame = 0; frame < 2; frame++)
        {
            rig.Word(frame, 0) = 100 + frame;
            rig.Map(First, frame);
            LaunchResult result = rig.Gpu.LaunchAsync(GpuRig.Channel, Copy, 1, 1, First).Result;
            log.WriteLine($"frame {frame}: {result.Status} {result.Fault} read {rig.Word(2, 0)}");
            if (!result.Succeeded || rig.Word(2, 0) != 100 + frame)
            {
                return Verdict.Caught;
            }

            // Memory is handed out from the lowest address on: someone else has that of the old table from here on.
            rig.Unmap(First);
            if (rig.Gpu.PageTableMemory.TryAllocate((int)Page.Size, (int)Page.Size, out _) != Errno.None)
            {
                return Verdict.Inconclusive;
            }

            rig.Map(Other, 3);
        }

        return Verdict.Clean;
    }

    private static async GpuTask Copy(GpuThread t, ulong from) => await t.Store(Output, await t.Load<long>(from));
}
