namespace GpuSvm.Scenarios;

/// <summary>A race of a driver on one of the strategies.</summary>
/// <param name="race">The race.</param>
/// <param name="name">The strategy's name.</param>
/// <param name="strategy">Makes the strategy.</param>
internal sealed class RaceOnStrategy(IDriverRace race, string name, Func<AddressSpace, GpuMirror, IMirrorStrategy> strategy) : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => $"{race.Name}-on-{name}";

    /// <inheritdoc/>
    public string Description => race.Description;

    /// <inheritdoc/>
    public void Build(ScheduleRun run) => race.Build(run, strategy);
}
