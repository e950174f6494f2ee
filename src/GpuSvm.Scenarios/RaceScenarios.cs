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

    /// <summary>The mutations of <see cref="Breaks"/> that scenarios find; the others belong to live processes.</summary>
    public static IReadOnlyList<string> Breaks { get; } =
    [
        "no-read-retry", "flush-left-out", "flush-too-shallow", "cpu-flush-left-out", "in-flight-not-waited-for", "fill-not-rechecked",
        "overflow-lost", "remove-does-not-wait", "retry-outside-the-lock", "sequence-after-the-drop", "page-freed-before-the-flush",
        "deferred-insert-lost", "replay-lost", "duplicate-handled-twice", "owner-event-skipped", "copy-before-isolate",
        "table-freed-before-the-flush", "directory-entry-before-the-table", "dma-unmapped-before-the-flush", "torn-down-before-the-part",
        "migrate-noop", "exclusive-noop", "detach-after-visible", "pinned-page-moved", "split-loses-marks",
        "fork-flush-left-out", "fork-before-the-invalidation", "fork-forgets-a-migration", "reuse-shared-page", "remap-keeps-old-entry",
        "remap-before-the-invalidation", "moved-entry-forgotten", "migrate-forgets-a-mapping", "lock-wait-lost", "reaped-page-comes-back",
        "hole-overwrites", "cached-page-replaced", "removed-interval-confirms", "no-teardown-barrier",
        "file-page-cleaned-late", "file-page-cleaned-in-secret", "poisoned-page-still-read", "huge-page-isolated-in-part",
        "closed-under-a-batch", "suspend-does-not-wait", "resume-forgets-the-ring", "exit-before-the-invalidation", "one-mirror-told",
        "block-claimed-twice",
        "duplicate-kept", "duplicate-left-writable",
        "removed-device-looked-up", "object-page-found-early", "fence-not-waited-for", "peer-event-skipped",
        "event-shown-early", "event-place-taken-twice",
        "timeslice-forgotten", "released-allocation-ordered", "limit-asked-early",
        "old-blocks-handed-over", "range-bound-unasked", "removed-range-replaced",
    ];

    private static IEnumerable<T> Make<T>(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(T)))
            .Where(type => type.GetConstructor(Type.EmptyTypes) is not null)
            .Select(type => (T)Activator.CreateInstance(type)!);
    }
}
