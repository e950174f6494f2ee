namespace GpuSvm.Scenarios;

/// <summary>A race on a small machine that an <see cref="Explorer"/> runs in one order after another.</summary>
/// <remarks>
/// A scenario is a public class with a constructor without parameters; nothing else is needed for it to be found. It keeps nothing
/// between two schedules that could make them differ.
/// </remarks>
public interface IRaceScenario
{
    /// <summary>How the command line names it: words in lower case with hyphens.</summary>
    string Name { get; }

    /// <summary>Who races with whom, in one sentence.</summary>
    string Description { get; }

    /// <summary>Sets the machine up, and declares threads, invariants and what is looked at in the end.</summary>
    void Build(ScheduleRun run);
}
