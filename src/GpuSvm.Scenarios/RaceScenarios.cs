namespace GpuSvm.Scenarios;

/// <summary>The scenarios that there are.</summary>
public static class RaceScenarios
{
    /// <summary>All scenarios, each made anew, by name.</summary>
    public static IReadOnlyList<IRaceScenario> All() =>
    [
        .. typeof(IRaceScenario).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IRaceScenario)))
            .Select(type => (IRaceScenario)Activator.CreateInstance(type)!)
            .OrderBy(scenario => scenario.Name, StringComparer.Ordinal),
    ];

    /// <summary>The mutations of <see cref="Breaks"/> that scenarios find; the others belong to live processes.</summary>
    public static IReadOnlyList<string> Breaks { get; } =
    [
        "no-read-retry", "flush-left-out", "flush-too-shallow", "cpu-flush-left-out", "in-flight-not-waited-for", "fill-not-rechecked",
        "overflow-lost", "remove-does-not-wait", "retry-outside-the-lock", "sequence-after-the-drop", "page-freed-before-the-flush",
        "deferred-insert-lost", "replay-lost", "duplicate-handled-twice", "owner-event-skipped", "copy-before-isolate",
    ];
}
