namespace GpuSvm.Live.Tests.Infrastructure;

/// <summary>A test that runs programs as another user, which only root may; skipped with that reason else.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootTheoryAttribute : TheoryAttribute
{
    public RootTheoryAttribute() => Skip =
        Libc.EffectiveUser() != 0 ? "only root may run a program as another user"
        : !File.Exists("/usr/bin/setpriv") ? "setpriv (util-linux) is not there"
        : null;
}
