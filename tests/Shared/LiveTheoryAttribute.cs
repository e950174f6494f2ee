namespace GpuSvm;

/// <summary>A test of several cases that needs userfaultfd; skipped, with the line that names the missing setting, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LiveTheoryAttribute : TheoryAttribute
{
    public LiveTheoryAttribute() => Skip = SvmSession.Missing;
}
