namespace GpuSvm.Scenarios;

/// <summary>A race of a driver: it runs on every <see cref="IMirrorStrategy"/>, beside the one that it runs on by itself.</summary>
public interface IDriverRace : IRaceScenario
{
    /// <summary>Sets the machine up with a strategy.</summary>
    /// <param name="run">The schedule.</param>
    /// <param name="strategy">Makes the strategy; null for the one that the race has by itself.</param>
    void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy);

    /// <inheritdoc/>
    void IRaceScenario.Build(ScheduleRun run) => Build(run, null);
}
