namespace GpuSvm.Litmus.Tests;

/// <summary>A test of two threads that run at the same time; skipped where the process has only one core.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TwoCoresFactAttribute : FactAttribute
{
    public TwoCoresFactAttribute() => Skip = TwoCores.Missing;
}
