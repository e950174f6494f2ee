namespace GpuSvm.Scenarios;

/// <summary>Arguments of the kernels of the scenarios.</summary>
/// <param name="Times">How often each thread does it.</param>
internal readonly record struct KernelArgs(int Times);
