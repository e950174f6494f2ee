namespace GpuSvm.Scenarios;

/// <summary>The CPU touches a page while it comes to the GPU's memory, where there is room for one: others find room there afterwards.</summary>
public sealed class RoomVsTouch : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "room-vs-touch";

    /// <inheritdoc/>
    public string Description => "The CPU touches a page while it comes to the GPU's memory, where there is room for one: others find room there afterwards.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { ReadAroundPages = 1, VideoPages = 1 });
        run.Thread("program", () => machine.TryBind(0));
        run.Thread("cpu", () => ProcessMachine.Count(machine.Cpu.Thread(0), SmallMachine.Address + 8, 2));
        machine.LastLook = () =>
        {
            for (int page = 1; page < SmallMachine.PageCount; page++)
            {
                SmallMachine.Demand(machine.TryBind(page), $"Page {page} finds room in the GPU's memory.");
            }
        };
        run.AtEnd(machine.Dispose);
    }
}
