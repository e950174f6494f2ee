namespace GpuSvm;

/// <summary>A test that needs userfaultfd; skipped, with the line that names the missing setting, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LiveFactAttribute : FactAttribute
{
    public LiveFactAttribute() => Skip = SvmSession.Missing;
}
