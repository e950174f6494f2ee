namespace GpuSvm.Scenarios;

/// <summary>How the schedules of a search are chosen.</summary>
public enum SearchStrategy : byte
{
    /// <summary>Uniformly among the threads that can run.</summary>
    Random,

    /// <summary>By random priorities with one to three changes.</summary>
    Pct,

    /// <summary>All, one after another, with at most two preemptions.</summary>
    Exhaustive,
}
