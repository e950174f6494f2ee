namespace GpuSvm.SvmTests;

/// <summary>A test of the matrix whose threads an explorer controls, with as little of everything as still shows its shape.</summary>
internal sealed class SectionRace(SvmWrapper wrapper, SvmSection section, SvmTestOptions options) : IRaceScenario
{
    /// <summary>The name of the race of a test.</summary>
    public static string NameOf(string test, SvmTestOptions options) => $"{test}-on-{options.Label}";

    /// <inheritdoc/>
    public string Name => NameOf($"{wrapper.Name}-{section.Name}", options);

    /// <inheritdoc/>
    public string Description => $"The CPU uses the pages of an exec and changes the mapping beside them: {section.Name}, as {wrapper.Name}.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new SvmMachine(options, MachineSize.Explored, run.Await);
        IReadOnlyList<SectionRun> runs = MatrixTest.Prepare(machine, wrapper.Least(), section);
        run.DemandProgress(Deadline.Default);
        for (int i = 0; i < runs.Count; i++)
        {
            run.Thread($"program {i}", runs[i].Run);
            run.Invariant(runs[i].CheckMirror);
        }

        run.AtEnd(machine.End);
        run.AtEnd(machine.Dispose);
    }
}
