using GpuSvm.Svm;

namespace GpuSvm.Scenarios;

/// <summary>The CPU touches a page that the GPU has for a while: it gets the page when the time is over, not before, and no store is lost.</summary>
public sealed class TouchVsTimeslice : IRaceScenario
{
    private const int Looks = 6;
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(5);

    /// <inheritdoc/>
    public string Name => "touch-vs-timeslice";

    /// <inheritdoc/>
    public string Description =>
        "The CPU touches a page that the GPU has for a while: it gets the page when the time is over, not before, and no store is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { ReadAroundPages = 1 });
        DeviceMemory memory = machine.Driver.DeviceMemory!;
        run.Thread("program", () =>
        {
            var page = AddressRange.PageAt(SmallMachine.Address);
            if (memory.MigrateToDevice(machine.Mm, page, timeslice: Slice).Pages == 0)
            {
                return;
            }

            // The page may have left by now, if its time is over.
            Deadline end = memory.Allocations.Select(allocation => allocation.TimesliceEnd).FirstOrDefault();
            for (int i = 0; i < Looks; i++)
            {
                bool isThere = machine.Mm.PageTable.Read(page.Start).IsDevicePrivate;
                SmallMachine.Demand(isThere || end.HasPassed, "The page stays until its time is over.");
            }
        });
        run.Thread("cpu", () => ProcessMachine.Count(machine.Cpu.Thread(0), SmallMachine.Address + 8, 2));
        machine.LastLook = () =>
        {
            ulong last = machine.Cpu.Thread(0).Load<ulong>(SmallMachine.Address + 8);
            SmallMachine.Demand(last == 2, $"No store of the CPU is lost: {last} of 2.");
        };
        run.AtEnd(machine.Dispose);
    }
}
