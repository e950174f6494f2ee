namespace GpuSvm.Scenarios;

/// <summary>Which schedules are run.</summary>
/// <param name="Strategy">How each is chosen.</param>
/// <param name="FirstSeed">Seed of the first one.</param>
/// <param name="Stride">Distance to the next seed, at least 1: searches beside this one take those between.</param>
/// <param name="Schedules">Number of schedules at most.</param>
public readonly record struct SearchOptions(SearchStrategy Strategy, ulong FirstSeed, int Stride, int Schedules)
{
    /// <summary>The schedules from index <paramref name="from"/> on, up to and without index <paramref name="to"/>.</summary>
    public SearchOptions Slice(int from, int to) =>
        this with { FirstSeed = unchecked(FirstSeed + ((ulong)from * (ulong)Stride)), Schedules = to - from };
}
