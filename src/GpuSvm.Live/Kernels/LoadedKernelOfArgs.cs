using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>A kernel with the type of its arguments.</summary>
/// <param name="kernel">The method.</param>
/// <param name="name">Type and method, for messages.</param>
internal sealed class LoadedKernel<TArgs>(GpuKernel<TArgs> kernel, string name) : LoadedKernel
    where TArgs : unmanaged
{
    /// <inheritdoc/>
    internal override Task<LaunchResult> LaunchAsync(
        SoftwareGpu gpu, InstancePointer channel, int grid, int block, ReadOnlySpan<byte> args)
    {
        if (args.Length != Unsafe.SizeOf<TArgs>())
        {
            throw new ArgumentException(
                $"Kernel '{name}' takes {typeof(TArgs)}, which has {Unsafe.SizeOf<TArgs>()} bytes, and was given {args.Length}.",
                nameof(args));
        }

        return gpu.LaunchAsync(channel, kernel, grid, block, MemoryMarshal.Read<TArgs>(args));
    }
}
