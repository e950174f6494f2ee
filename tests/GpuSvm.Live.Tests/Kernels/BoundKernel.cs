namespace GpuSvm.Live.Tests.Kernels;

/// <summary>A static method whose first parameter a delegate can hold.</summary>
internal static class BoundKernel
{
    internal static async GpuTask Extension(this string bound, GpuThread t, int a) => await t.Store(1UL, bound.Length);
}
