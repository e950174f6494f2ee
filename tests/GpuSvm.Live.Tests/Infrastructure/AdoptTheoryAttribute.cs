namespace GpuSvm.Live.Tests.Infrastructure;

/// <summary>A test that adopts memory; skipped, with the reason, where that cannot be.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AdoptTheoryAttribute : TheoryAttribute
{
    public AdoptTheoryAttribute() => Skip = Adopting.Missing;
}
