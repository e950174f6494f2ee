namespace GpuSvm.Live.Tests;

/// <summary>A test of several cases that needs userfaultfd: skipped, with one line that says why, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LiveTheoryAttribute : TheoryAttribute
{
    public LiveTheoryAttribute()
    {
        Skip = LiveSupport.Missing;
    }
}
