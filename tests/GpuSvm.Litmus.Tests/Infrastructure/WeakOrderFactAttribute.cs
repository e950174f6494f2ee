using System.Runtime.InteropServices;

namespace GpuSvm.Litmus.Tests;

/// <summary>A control that only a processor with a weak memory order can show; skipped on x86.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class WeakOrderFactAttribute : FactAttribute
{
    public WeakOrderFactAttribute() =>
        Skip = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86
            ? "x86 orders loads with loads and stores with stores, so no processor of this kind shows it (Intel SDM volume 3, 9.2.2)"
            : TwoCores.Missing;
}
