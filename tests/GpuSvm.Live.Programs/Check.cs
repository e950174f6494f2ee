namespace GpuSvm.Live.Programs;

/// <summary>What a program holds true.</summary>
internal static class Check
{
    /// <summary>Fails unless two values are equal.</summary>
    public static void Equal<T>(T expected, T found, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, found))
        {
            throw new CheckFailedException($"{what}: expected {expected}, found {found}");
        }
    }

    /// <summary>Fails unless a condition holds before a time has passed.</summary>
    public static void Within(TimeSpan limit, Func<bool> holds, string what) =>
        That(SpinWait.SpinUntil(holds, limit), $"within {limit}: {what}");

    /// <summary>Fails unless a condition holds.</summary>
    public static void That(bool holds, string what)
    {
        if (!holds)
        {
            throw new CheckFailedException(what);
        }
    }
}
