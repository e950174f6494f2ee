namespace GpuSvm.Scenarios;

/// <summary>Races that are made from a table. A public class with a constructor without parameters is found as a scenario is.</summary>
public interface IRaceFamily
{
    /// <summary>The races, each made anew.</summary>
    IReadOnlyList<IRaceScenario> Races { get; }
}
