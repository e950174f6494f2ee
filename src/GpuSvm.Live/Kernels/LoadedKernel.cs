namespace GpuSvm.Live;

/// <summary>A kernel in this process, ready to be launched with arguments that came as bytes.</summary>
internal abstract class LoadedKernel
{
    /// <summary>Runs the kernel, as <see cref="SoftwareGpu.LaunchAsync{TArgs}"/> does.</summary>
    /// <param name="gpu">The GPU that runs it.</param>
    /// <param name="channel">The instance whose address space the kernel uses.</param>
    /// <param name="grid">Number of blocks.</param>
    /// <param name="block">Number of threads of a block.</param>
    /// <param name="args">The bytes of the arguments' struct, padding included; read before this returns.</param>
    /// <exception cref="ArgumentException"><paramref name="args"/> has not the size of the kernel's arguments.</exception>
    internal abstract Task<LaunchResult> LaunchAsync(
        SoftwareGpu gpu, InstancePointer channel, int grid, int block, ReadOnlySpan<byte> args);
}
