namespace GpuSvm.Controls;

/// <summary>What a scenario saw; its number is the exit code of the process.</summary>
public enum Verdict
{
    /// <summary>Nothing was wrong.</summary>
    Clean = 0,

    /// <summary>The defect was seen.</summary>
    Caught = 1,

    /// <summary>The race did not come about, so silence says nothing.</summary>
    Inconclusive = 2,

    /// <summary>The scenario itself failed: an unknown name, an exception, a crash.</summary>
    Failed = 3,

    /// <summary>The process did not end in time and was killed.</summary>
    TimedOut = 4,
}
