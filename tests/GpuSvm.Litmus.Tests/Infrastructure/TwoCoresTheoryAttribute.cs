namespace GpuSvm.Litmus.Tests;

/// <summary>Tests of two threads that run at the same time; skipped where the process has only one core.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TwoCoresTheoryAttribute : TheoryAttribute
{
    public TwoCoresTheoryAttribute() => Skip = TwoCores.Missing;
}
