namespace GpuSvm.Core;

/// <summary>Says who waits for what when nobody can go on.</summary>
internal static class Deadlock
{
    public static string Describe(ReadOnlySpan<ControlledThread> threads)
    {
        var lines = new List<string>();
        foreach (ControlledThread thread in threads)
        {
            lines.Add($"{thread.Name} waits for {What(thread.Resource)}");
        }

        return "No thread can go on: " + string.Join("; ", lines) + ".";
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
