using System.Reflection;

namespace GpuSvm.Scenarios;

/// <summary>The scenarios that there are.</summary>
public static class RaceScenarios
{
    /// <summary>All scenarios of GpuSvm, each made anew, by name.</summary>
    public static IReadOnlyList<IRaceScenario> All() => In(typeof(IRaceScenario).Assembly);

    /// <summary>Every race of a driver on each mirror strategy, each made anew, by name: <c>RACE-on-STRATEGY</c>.</summary>
    public static IReadOnlyList<IRaceScenario> OnStrategies() =>
    [
        .. All().OfType<IDriverRace>()
            .SelectMany(race => MirrorStrategies.All.Select(strategy => new RaceOnStrategy(race, strategy.Key, strategy.Value)))
            .OrderBy(scenario => scenario.Name, StringComparer.Ordinal),
    ];

    /// <summary>All scenarios of an assembly, each made anew, by name; those of its families and reviews included.</summary>
    public static IReadOnlyList<IRaceScenario> In(Assembly assembly) =>
    [
        .. Make<IRaceScenario>(assembly)
            .Concat(Make<IRaceFamily>(assembly).SelectMany(family => family.Races))
            .Concat(ReviewsIn(assembly).SelectMany(review => review.Points).SelectMany(point => new[] { point.Posted, point.Repaired }))
            .OrderBy(scenario => scenario.Name, StringComparer.Ordinal),
    ];

    /// <summary>All reviews of an assembly, each made anew.</summary>
    public static IReadOnlyList<IReview> ReviewsIn(Assembly assembly) => [.. Make<IReview>(assembly)];

    private static IEnumerable<T> Make<T>(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(T)))
            .Where(type => type.GetConstructor(Type.EmptyTypes) is not null)
            .Select(type => (T)Activator.CreateInstance(type)!);
    }
}
