namespace GpuSvm.ExplorerPrograms;

/// <summary>Small scenarios, right and wrong ones, by name.</summary>
internal static class Scenarios
{
    private static (string Name, Action<ScheduleRun> Scenario)[] All =>
    [
        ("lost-update", Updates.Lost),
        ("locked-update", Updates.Locked),
        ("invariant", Updates.Watched),
        ("sequence", Updates.Sequenced),
        ("wide", Updates.Wide),
        ("lock-cycle", Waits.LockCycle),
        ("lost-wake-up", Waits.LostWakeUp),
        ("condition", Waits.Condition),
        ("deadline", Waits.Deadlines),
        ("starved", Waits.Starved),
        ("patient", Waits.Patient),
        ("work-queue", Waits.Queue),
        ("event", Waits.Event),
        ("shared", Waits.Shared),
        ("try-shared", Waits.TryShared),
        ("task", Waits.Tasks),
        ("spin", Spins.Right),
        ("spin-forever", Spins.Forever),
        ("both-spin-forever", Spins.BothForever),
        ("stubborn", Spins.Stubborn),
        ("thread-fails", Spins.ThreadFails),
        ("rank", Spins.Rank),
    ];

    public static string Names => string.Join(", ", All.Select(entry => entry.Name));

    public static Action<ScheduleRun>? Find(string name) => Array.Find(All, entry => entry.Name == name).Scenario;

    public static void Expect(bool holds, string sentence)
    {
        if (!holds)
        {
            throw new InvariantException(sentence);
        }
    }
}
