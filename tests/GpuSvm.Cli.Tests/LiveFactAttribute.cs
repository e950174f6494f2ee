namespace GpuSvm.Cli.Tests;

/// <summary>A test that needs userfaultfd; skipped, with the line that names the missing setting, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LiveFactAttribute : FactAttribute
{
    public LiveFactAttribute() => Skip = SvmSession.Missing;
}
