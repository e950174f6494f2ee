using GpuSvm.Core;

namespace GpuSvm.Controls.Scenarios;

/// <summary>Does not end, so that a test can see that <see cref="BrokenControl"/> ends it.</summary>
public sealed class NeverEndsScenario : IControlScenario
{
    /// <inheritdoc/>
    public string Name => "never-ends";

    /// <inheritdoc/>
    public Verdict Run(Deadline deadline, TextWriter log)
    {
        log.WriteLine("waiting for ever");
        Thread.Sleep(Timeout.Infinite);
        return Verdict.Clean;
    }
}
