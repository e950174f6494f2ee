namespace GpuSvm.Core;

/// <summary>Says who waits for what when nobody can go on.</summary>
internal static class Deadlock
{
    public static string Describe(ReadOnlySpan<ControlledThread> threads) => $"No thread can go on: {Waits(threads)}.";

    /// <summary>The same where a deadline would let one go on.</summary>
    public static string DescribeStarved(ReadOnlySpan<ControlledThread> threads, long nanoseconds) =>
        $"No thread could go on but by deadlines, for {nanoseconds / 1_000_000} ms: {Waits(threads)}.";

    private static string Waits(ReadOnlySpan<ControlledThread> threads)
    {
        var lines = new List<string>();
        foreach (ControlledThread thread in threads)
        {
            lines.Add($"{thread.Name} waits for {What(thread.Resource)}");
        }

        return string.Join("; ", lines);
    }

    private static string What(object? resource) => resource switch
    {
        ControlledLock held => held.ToString(),
        ControlledSharedLock shared => shared.ToString(),
        ControlledThread other => $"the end of {other.Name}",
        WakeEvent => "an event",
        WaitQueue => "a wake-up",
        _ => "a condition",
    };
}
