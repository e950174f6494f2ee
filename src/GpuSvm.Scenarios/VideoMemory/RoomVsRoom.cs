using GpuSvm.Svm;

namespace GpuSvm.Scenarios;

/// <summary>Two want room for a page where there is room for one: neither takes more than there is, and both end.</summary>
public sealed class RoomVsRoom : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "room-vs-room";

    /// <inheritdoc/>
    public string Description => "Two want room for a page where there is room for one: neither takes more than there is, and both end.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { ReadAroundPages = 1, VideoPages = 1 });
        run.Thread("one", () => machine.TryBind(0));
        run.Thread("other", () => machine.TryBind(1));
        machine.LastLook = () =>
        {
            DeviceMemoryCounters counters = machine.Driver.DeviceMemory!.Counters;
            SmallMachine.Demand(counters.PeakPages == 1, $"One page was taken at once, and no more: {counters.PeakPages}.");
            SmallMachine.Demand(machine.TryBind(2), "A page finds room afterwards.");
            for (int page = 0; page < SmallMachine.PageCount; page++)
            {
                ulong value = machine.Cpu.Thread(0).Load<ulong>(SmallMachine.PageAt(page));
                SmallMachine.Demand(value == SmallMachine.Mark, $"Page {page} holds what was stored there.");
            }
        };
        run.AtEnd(machine.Dispose);
    }
}
