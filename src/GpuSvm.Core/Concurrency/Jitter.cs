namespace GpuSvm.Core;

/// <summary>Small random delays at schedule points, so that races on real threads come about that otherwise need a lucky preemption.</summary>
/// <remarks>
/// For stress tests only: <c>GPUSVM_JITTER=1</c> in the environment switches it on for the life of the process. Off, the compiler removes
/// it. Which thread is delayed where is left to chance; a reproducible order is an explorer's work.
/// </remarks>
internal static class Jitter
{
    /// <summary>True if this process delays its threads.</summary>
    public static readonly bool Enabled = Environment.GetEnvironmentVariable("GPUSVM_JITTER") == "1";

    [ThreadStatic]
    private static SeededRandom? t_random;

    /// <summary>Delays the calling thread, now and then, for some microseconds.</summary>
    public static void Perturb()
    {
        SeededRandom random = t_random ??= new SeededRandom((ulong)Environment.CurrentManagedThreadId * 0x9e3779b9UL);
        ulong choice = random.Next(64UL);
        if (choice < 4)
        {
            Thread.Yield();
        }
        else if (choice < 8)
        {
            Thread.SpinWait(random.Next(1500));
        }
    }
}
